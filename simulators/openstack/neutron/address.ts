/** IPv4 arithmetic. An address is a whole number below 2^32. */
export const toNumber = (ip: string): number => ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
export const toIp = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");

export const isIpv4 = (text: string): boolean => {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
};

export interface Range {
  readonly first: number;
  readonly last: number;
  readonly bits: number;
}

/** The addresses of a prefix; a bare address is a /32. `undefined` when it is no IPv4 prefix. */
export function prefixRange(cidr: string): Range | undefined {
  const [base = "", bits = "32"] = cidr.split("/");
  if (!isIpv4(base) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined;
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(toNumber(base) / size) * size;
  return { first, last: first + size - 1, bits: Number(bits) };
}

export const within = (range: Range, ip: string): boolean =>
  isIpv4(ip) && toNumber(ip) >= range.first && toNumber(ip) <= range.last;

export const overlap = (a: Range, b: Range): boolean => a.first <= b.last && b.first <= a.last;
