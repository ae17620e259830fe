/** IP arithmetic, both versions. An IPv4 address is a whole number below 2^32, an IPv6 address a bigint. */
export const toNumber = (ip: string): number => ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
export const toIp = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");

export const isIpv4 = (text: string): boolean => {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
};
export const isIpv6 = (text: string): boolean =>
  /^[0-9a-f:]+$/i.test(text) && text.includes(":") && URL.canParse(`http://[${text}]/`);
export const isIp = (text: unknown): text is string => typeof text === "string" && (isIpv4(text) || isIpv6(text));

/** The value of an address of either version. */
export function toBig(ip: string): bigint {
  if (!ip.includes(":")) return BigInt(toNumber(ip));
  const [head = "", tail] = ip.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const [front, back] = [groups(head), groups(tail ?? "")];
  const middle = tail === undefined ? [] : Array.from({ length: 8 - front.length - back.length }, () => "0");
  return [...front, ...middle, ...back].reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n);
}

/** The shortest writing of an IPv6 address (RFC 5952). */
export function fromBig(value: bigint, version: 4 | 6): string {
  if (version === 4) return toIp(Number(value));
  const groups = Array.from({ length: 8 }, (_none, at) => ((value >> BigInt(16 * (7 - at))) & 0xffffn).toString(16));
  const text = groups.join(":");
  const runs = [...text.matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const [longest] = runs;
  if (longest === undefined) return text;
  const before = text.slice(0, longest.index);
  const after = text.slice(longest.index + longest[0].length);
  return `${before.replace(/:$/, "")}::${after.replace(/^:/, "")}`;
}

export interface Range {
  readonly first: number;
  readonly last: number;
  readonly bits: number;
}

/** The addresses of an IPv4 prefix; a bare address is a /32. `undefined` when it is none. */
export function prefixRange(cidr: string): Range | undefined {
  const [base = "", bits = "32"] = cidr.split("/");
  if (!isIpv4(base) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined;
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(toNumber(base) / size) * size;
  return { first, last: first + size - 1, bits: Number(bits) };
}

export const within = (range: Range, ip: string): boolean =>
  isIpv4(ip) && toNumber(ip) >= range.first && toNumber(ip) <= range.last;

/** A prefix of either version. */
export interface Prefix {
  readonly version: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly bits: number;
  /** The network's own address, with the length. */
  readonly text: string;
}

/** A bare address is the longest prefix. `undefined` when it is none. */
export function prefixOf(cidr: unknown): Prefix | undefined {
  if (typeof cidr !== "string") return undefined;
  const [base = "", given, more] = cidr.split("/");
  if (!isIp(base) || more !== undefined) return undefined;
  const version = base.includes(":") ? 6 : 4;
  const width = version === 4 ? 32 : 128;
  if (given !== undefined && (!/^\d{1,3}$/.test(given) || Number(given) > width)) return undefined;
  const bits = given === undefined ? width : Number(given);
  const size = 1n << BigInt(width - bits);
  const first = (toBig(base) / size) * size;
  return { version, first, last: first + size - 1n, bits, text: `${fromBig(first, version)}/${bits}` };
}

export const holds = (prefix: Prefix, ip: string): boolean =>
  isIp(ip) && ip.includes(":") === (prefix.version === 6) && toBig(ip) >= prefix.first && toBig(ip) <= prefix.last;

export const overlap = (a: Prefix, b: Prefix): boolean =>
  a.version === b.version && a.first <= b.last && b.first <= a.last;
