import { isIPv6 } from "node:net";
import { rubyInstance } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";

/*
 * Addresses and ranges as the director reads them (ip_util.rb and ip_addr_or_cidr.rb, on top of Ruby's IPAddr).
 */

/** A block of addresses with a common prefix. A single address has a prefix of 32 or 128 bits. */
export interface IpRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  /** How many bits the addresses have in common. */
  readonly prefix: number;
}

const BITS = { 4: 32, 6: 128 } as const;

/** An address in its usual form. */
export function formatIp(family: 4 | 6, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
  const groups = Array.from({ length: 8 }, (_each, at) => Number((value >> BigInt(112 - 16 * at)) & 0xffffn));
  const text = groups.map((each) => each.toString(16));
  // The first of the longest runs of zeros is abbreviated.
  const runs = text.map((_each, from) => {
    let to = from;
    while (groups[to] === 0) to++;
    return { from, count: to - from };
  });
  const longest = runs.reduce((best, each) => (each.count > best.count ? each : best), { from: 0, count: 1 });
  if (longest.count < 2) return text.join(":");
  return `${text.slice(0, longest.from).join(":")}::${text.slice(longest.from + longest.count).join(":")}`;
}

/** A range as the director's messages show it: `10.0.0.1/32`. */
export const showRange = ({ family, first, prefix }: IpRange): string => `${formatIp(family, first)}/${prefix}`;

function parseV4(text: string): bigint | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const parts = match.slice(1);
  if (parts.some((part) => Number(part) > 255 || /^0\d/.test(part))) return undefined;
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function parseV6(text: string): bigint | undefined {
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const v4 = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = v4 === null ? undefined : parseV4(v4[2] ?? "");
  const plain =
    v4 === null || tail === undefined ? text : `${v4[1]}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
  const [head = "", rest] = plain.split("::");
  const groups = (part: string): readonly string[] => (part === "" ? [] : part.split(":"));
  const [before, after] = [groups(head), groups(rest ?? "")];
  const zeros = rest === undefined ? [] : Array<string>(8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after].reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n);
}

/** The length in bits of a netmask such as 255.255.255.0. */
function maskBits(text: string): number | undefined {
  const mask = parseV4(text);
  if (mask === undefined) return undefined;
  const bits = mask.toString(2).padStart(32, "0");
  return /^1*0*$/.test(bits) ? bits.replace(/0/g, "").length : undefined;
}

const blockAt = (family: 4 | 6, address: bigint, prefix: number): IpRange => {
  const size = 1n << BigInt(BITS[family] - prefix);
  const first = (address / size) * size;
  return { family, first, last: first + size - 1n, prefix };
};

const invalid = (text: string, code: number): DirectorError =>
  new DirectorError(code, `Invalid IP or CIDR format: ${text}`);

/** An address or block. @throws DirectorError `code` for anything else */
export function parseIp(text: string, code: number = UNCLASSED): IpRange {
  const [address = "", bits, ...others] = text.split("/");
  const v4 = parseV4(address);
  const value = v4 ?? parseV6(address.replace(/^\[(.*)\]$/, "$1"));
  if (value === undefined || others.length > 0) throw invalid(text, code);
  const family = v4 === undefined ? 6 : 4;
  const prefix = bits === undefined ? BITS[family] : /^(?:0|[1-9]\d{0,2})$/.test(bits) ? Number(bits) : maskBits(bits);
  if (prefix === undefined || prefix > BITS[family]) throw invalid(text, code);
  return blockAt(family, value, prefix);
}

/** The number of its addresses. */
export const countOf = ({ first, last }: IpRange): bigint => last - first + 1n;

/** Whether one range lies entirely within the other. */
export const includesRange = (outer: IpRange, inner: IpRange): boolean =>
  outer.family === inner.family && outer.first <= inner.first && outer.last >= inner.last;

const INVALID_RANGE = 160010;

/** Ranges of a config: one or a list, as addresses, blocks, or `first-last`. @throws DirectorError 160010; 100 in Ruby's words for anything but text */
export function parseRanges(spec: unknown): readonly IpRange[] {
  const texts = [spec].flat(DEPTH_MAX).filter((each) => each !== null && each !== undefined);
  return texts.flatMap((text) => {
    if (typeof text !== "string")
      throw new DirectorError(UNCLASSED, `undefined method 'split' for ${rubyInstance(text)}`);
    return parseRange(text);
  });
}

/** How deep lists may nest in lists of ranges. */
const DEPTH_MAX = 32;

function parseRange(text: string): readonly IpRange[] {
  // Ruby's `split` drops empty texts at the end.
  const used = text.replace(/-+$/, "");
  const parts = used === "" ? [] : used.split("-").map((part) => part.trim());
  const [first, last] = parts;
  if (parts.length > 2 || first === undefined)
    throw new DirectorError(INVALID_RANGE, `Invalid IP range format: ${text}`);
  if (last === undefined) return [parseIp(first, INVALID_RANGE)];
  const [from, to] = [parseIp(first, INVALID_RANGE), parseIp(last, INVALID_RANGE)];
  if (countOf(from) !== 1n || countOf(to) !== 1n)
    throw new DirectorError(INVALID_RANGE, `Invalid IP range format: ${text}`);
  return blocksBetween(from.family, from.first, to.first);
}

/** The fewest blocks that cover exactly these addresses, in their order. */
function blocksBetween(family: 4 | 6, first: bigint, last: bigint): readonly IpRange[] {
  const blocks: IpRange[] = [];
  for (let at = first; at <= last; ) {
    let block = blockAt(family, at, BITS[family]);
    while (block.prefix > 0) {
      const wider = blockAt(family, at, block.prefix - 1);
      if (wider.first !== at || wider.last > last) break;
      block = wider;
    }
    blocks.push(block);
    at = block.last + 1n;
  }
  return blocks;
}

/** The longest list of static addresses. */
const ADDRESSES_MAX = 65_536n;

/** Every address of the ranges of a config. @throws DirectorError 160010, and for more than ADDRESSES_MAX */
export function parseAddresses(spec: unknown): readonly IpRange[] {
  const ranges = parseRanges(spec);
  if (ranges.reduce((sum, each) => sum + countOf(each), 0n) > ADDRESSES_MAX)
    throw new DirectorError(UNCLASSED, `not simulated: more than ${ADDRESSES_MAX} static addresses`);
  return ranges.flatMap(({ family, first, last }) =>
    Array.from({ length: Number(last - first) + 1 }, (_each, at) => blockAt(family, first + BigInt(at), BITS[family])),
  );
}
