const BITS_MAX = 32;

/**
 * Normalizes an IPv4 network: `10.0.0.7/24` becomes `10.0.0.0/24`. An address without a length is a network of one.
 * Undefined for anything else.
 */
export function networkOf(text: string): string | undefined {
  const [, ip = "", length = "32"] = /^(\d{1,3}(?:\.\d{1,3}){3})(?:\/(\d{1,2}))?$/.exec(text) ?? [];
  const parts = ip.split(".").map(Number);
  const bits = Number(length);
  if (ip === "" || bits > BITS_MAX || parts.some((part) => part > 255)) return undefined;
  const size = 2 ** (BITS_MAX - bits);
  const first = Math.floor(parts.reduce((sum, part) => sum * 256 + part, 0) / size) * size;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".")}/${bits}`;
}
