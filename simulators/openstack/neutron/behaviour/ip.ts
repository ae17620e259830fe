import { formatIpv4, parseIpv4 } from "../../../kernel/index.ts";

/*
 * IP arithmetic. The value of an IPv4 address is a whole number below 2^32 where only IPv4 is meant, a bigint where either version is.
 */

const isIpv4 = (text: string): boolean => {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
};
const isIpv6 = (text: string): boolean =>
  /^[0-9a-f:]+$/i.test(text) && text.includes(":") && URL.canParse(`http://[${text}]/`);

/** Whether a value is the text of an address, of either version. */
export const isIp = (text: unknown): text is string => typeof text === "string" && (isIpv4(text) || isIpv6(text));

/** The value of an address. */
export function addressValue(ip: string): bigint {
  if (!ip.includes(":")) return BigInt(parseIpv4(ip));
  const [head = "", tail] = ip.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const [front, back] = [groups(head), groups(tail ?? "")];
  const middle = tail === undefined ? [] : Array.from({ length: 8 - front.length - back.length }, () => "0");
  return [...front, ...middle, ...back].reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n);
}

/** The text of an address; of IPv6 the shortest (RFC 5952). */
export function addressText(value: bigint, version: 4 | 6): string {
  if (version === 4) return formatIpv4(Number(value));
  const groups = Array.from({ length: 8 }, (_none, at) => ((value >> BigInt(16 * (7 - at))) & 0xffffn).toString(16));
  const text = groups.join(":");
  const zeroRuns = [...text.matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const [longest] = zeroRuns;
  if (longest === undefined) return text;
  const before = text.slice(0, longest.index);
  const after = text.slice(longest.index + longest[0].length);
  return `${before.replace(/:$/, "")}::${after.replace(/^:/, "")}`;
}

/** The addresses of an IPv4 prefix, both ends included. */
interface Ipv4Range {
  readonly first: number;
  readonly last: number;
  /** Length of the prefix. */
  readonly bits: number;
}

/** The addresses of an IPv4 prefix; a bare address is a /32. `undefined` when the text is neither. */
export function parseIpv4Range(cidr: string): Ipv4Range | undefined {
  const [base = "", bits = "32"] = cidr.split("/");
  if (!isIpv4(base) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined;
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(parseIpv4(base) / size) * size;
  return { first, last: first + size - 1, bits: Number(bits) };
}

/** Whether an IPv4 address lies in the range. */
export const isInRange = (range: Ipv4Range, ip: string): boolean =>
  isIpv4(ip) && parseIpv4(ip) >= range.first && parseIpv4(ip) <= range.last;

/** A prefix of either version, with the values of its first and last address. */
export interface Prefix {
  readonly version: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  /** Its length. */
  readonly bits: number;
  /** The network's own address, with the length. */
  readonly text: string;
}

const widthOf = (version: 4 | 6): number => (version === 4 ? 32 : 128);

/** How many addresses a prefix of this length has. */
export const prefixSize = (version: 4 | 6, bits: number): bigint => 1n << BigInt(widthOf(version) - bits);

/** A bare address is the longest prefix. `undefined` if the value is not a prefix. */
export function parsePrefix(cidr: unknown): Prefix | undefined {
  if (typeof cidr !== "string") return undefined;
  const [base = "", length, more] = cidr.split("/");
  if (!isIp(base) || more !== undefined) return undefined;
  const version = base.includes(":") ? 6 : 4;
  const width = widthOf(version);
  if (length !== undefined && (!/^\d{1,3}$/.test(length) || Number(length) > width)) return undefined;
  const bits = length === undefined ? width : Number(length);
  const size = prefixSize(version, bits);
  const first = (addressValue(base) / size) * size;
  return { version, first, last: first + size - 1n, bits, text: `${addressText(first, version)}/${bits}` };
}

/** Whether an address lies in the prefix. */
export const isInPrefix = (prefix: Prefix, ip: string): boolean =>
  isIp(ip) &&
  ip.includes(":") === (prefix.version === 6) &&
  addressValue(ip) >= prefix.first &&
  addressValue(ip) <= prefix.last;

/** Whether two prefixes have an address in common. */
export const prefixesOverlap = (a: Prefix, b: Prefix): boolean =>
  a.version === b.version && a.first <= b.last && b.first <= a.last;

/** The addresses that hosts may have: all but the first and, for IPv4, the last. */
export function hostRange({ version, first, last, bits }: Prefix): { readonly first: bigint; readonly last: bigint } {
  if (version === 6) return bits >= 127 ? { first, last } : { first: first + 1n, last };
  return bits >= 31 ? { first, last } : { first: first + 1n, last: last - 1n };
}
