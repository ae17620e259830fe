const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const WHOLE = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

/** The longest text that is read: longer than any sensible duration. */
const CHARACTERS_MAX = 1000;

/** A duration as Go writes it (`1m30s`, `500ms`, `0`), in ns; `undefined` if it is not a duration. */
export function durationNs(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  if (text.length > CHARACTERS_MAX || !WHOLE.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit = ""] of text.replace(/^[+-]/, "").matchAll(PART))
    total += Number(amount) * (UNIT_NS[unit] ?? 0);
  return Math.round(text.startsWith("-") ? -total : total);
}

/** Go's error for a text that is not a duration. */
export const invalidDuration = (text: string): string => `time: invalid duration "${text}"`;

/** A duration as Go prints it: `24h0m0s`, `1.5s`, `0s`. */
export function durationText(ns: number): string {
  const sign = ns < 0 ? "-" : "";
  const size = Math.abs(ns);
  if (size === 0) return "0s";
  if (size < 1e9) {
    const [unit, scale] =
      size < 1e3 ? (["ns", 1] as const) : size < 1e6 ? (["µs", 1e3] as const) : (["ms", 1e6] as const);
    return `${sign}${size / scale}${unit}`;
  }
  const hours = Math.floor(size / 3600e9);
  const minutes = Math.floor(size / 60e9) % 60;
  const seconds = (size % 60e9) / 1e9;
  return `${sign}${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}${seconds}s`;
}
