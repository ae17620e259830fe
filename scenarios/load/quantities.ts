/** A quantity that can't be read. The message says what is expected. */
export class QuantityError extends Error {
  readonly code = "LOAD_BAD_QUANTITY";

  constructor(what: string, text: string, expected: string) {
    super(`LOAD_BAD_QUANTITY: ${what} ${JSON.stringify(text)}: expected ${expected}`);
    this.name = "QuantityError";
  }
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
]);
const QUANTITY = /^(\d+(?:\.\d+)?)\s*([a-z/%]*)$/;

/** Reads a duration such as `250ms`, `30s`, `2m` or `1h`. Returns ms. @throws QuantityError */
export function parseDuration(text: string): number {
  const [, value = "", unit = ""] = QUANTITY.exec(text) ?? [];
  const unitMs = UNIT_MS.get(unit);
  if (unitMs === undefined) throw new QuantityError("the duration", text, "a number and ms, s, m or h, such as 30s");
  const ms = Number(value) * unitMs;
  if (ms <= 0) throw new QuantityError("the duration", text, "more than 0");
  return ms;
}

const PER_SECOND: ReadonlyMap<string, number> = new Map([
  ["/s", 1],
  ["/m", 1 / 60],
  ["/h", 1 / 3600],
]);

/** Reads a rate such as `50/s` or `30/m`. Returns the rate per second. @throws QuantityError */
export function parseRate(text: string): number {
  const [, value = "", unit = ""] = QUANTITY.exec(text) ?? [];
  const perSecond = PER_SECOND.get(unit);
  if (perSecond === undefined) throw new QuantityError("the rate", text, "a number and /s, /m or /h, such as 50/s");
  const rate = Number(value) * perSecond;
  if (rate <= 0) throw new QuantityError("the rate", text, "more than 0");
  return rate;
}

/** Writes µs for a person: `850 µs`, `12.3 ms`, `1.24 s`. */
export function formatMicros(micros: number): string {
  if (micros < 1000) return `${Math.round(micros)} µs`;
  if (micros < 1_000_000) return `${digits(micros / 1000)} ms`;
  return `${digits(micros / 1_000_000)} s`;
}

const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2));
