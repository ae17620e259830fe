import { own } from "../../kernel/index.ts";
import { addressText } from "../wire/codec/address.ts";
import { readName } from "../wire/codec/names.ts";
import { OPCODE, RCODE, TYPE } from "../wire/codec/types.ts";
import type { DnsRecord, DnsReplyRecord } from "./recording.ts";

const nameOf = (table: Readonly<Record<string, number>>, value: number, prefix: string): string =>
  Object.entries(table).find(([, each]) => each === value)?.[0] ?? `${prefix}${value}`;

const CLASSES = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 };
const FLAGS = [
  ["qr", 0x8000],
  ["aa", 0x0400],
  ["tc", 0x0200],
  ["rd", 0x0100],
  ["ra", 0x0080],
  ["z", 0x0040],
  ["ad", 0x0020],
  ["cd", 0x0010],
] as const;

interface Read<T> {
  readonly value: T;
  readonly next: number;
}

/** A reply as recordings show it: the OPT apart from the sections. @throws Error for bytes that are not a message */
export function readReply(bytes: Buffer): DnsReplyRecord {
  const flags = bytes.readUInt16BE(2);
  let at = 12;
  const question: string[] = [];
  for (let left = bytes.readUInt16BE(4); left > 0; left--) {
    const { name, next } = nameAt(bytes, at);
    question.push(
      `${name} ${nameOf(TYPE, bytes.readUInt16BE(next), "TYPE")} ${nameOf(CLASSES, bytes.readUInt16BE(next + 2), "CLASS")}`,
    );
    at = next + 4;
  }
  let edns: DnsReplyRecord["edns"];
  const section = (count: number): DnsRecord[] => {
    const records: DnsRecord[] = [];
    for (let left = count; left > 0; left--) {
      const { value, next } = recordAt(bytes, at);
      if (value === undefined) edns ??= optAt(bytes, at);
      if (value !== undefined) records.push(value);
      at = next;
    }
    return records;
  };
  const [answer, authority, additional] = [6, 8, 10].map((count) => section(bytes.readUInt16BE(count)));
  return {
    rcode: nameOf(RCODE, flags & 0x0f, "RCODE"),
    flags: FLAGS.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name),
    question,
    answer: answer ?? [],
    authority: authority ?? [],
    additional: additional ?? [],
    size: bytes.length,
    ...(edns && { edns }),
  };
}

function nameAt(bytes: Buffer, at: number): { readonly name: string; readonly next: number } {
  const read = readName(bytes, at);
  if (read === undefined) throw new Error(`no name at ${at}`);
  return read;
}

function recordAt(bytes: Buffer, at: number): Read<DnsRecord | undefined> {
  const { name, next: fixed } = nameAt(bytes, at);
  const type = bytes.readUInt16BE(fixed);
  const from = fixed + 10;
  const next = from + bytes.readUInt16BE(fixed + 8);
  if (type === TYPE.OPT) return { value: undefined, next };
  const data = dataAt(bytes, type, from, next);
  return { value: { name, type: nameOf(TYPE, type, "TYPE"), ttl: bytes.readUInt32BE(fixed + 4), data }, next };
}

/** The OPT at an offset, its options left out. */
function optAt(bytes: Buffer, at: number): NonNullable<DnsReplyRecord["edns"]> {
  const { next } = nameAt(bytes, at);
  return { udp: bytes.readUInt16BE(next + 2), version: bytes.readUInt8(next + 5) };
}

function dataAt(bytes: Buffer, type: number, from: number, to: number): unknown {
  switch (type) {
    case TYPE.A:
    case TYPE.AAAA:
      return addressText([...bytes.subarray(from, to)]);
    case TYPE.CNAME:
    case TYPE.NS:
    case TYPE.PTR:
      return nameAt(bytes, from).name;
    case TYPE.TXT:
      return strings(bytes, from, to);
    case TYPE.MX:
      return { preference: bytes.readUInt16BE(from), exchange: nameAt(bytes, from + 2).name };
    case TYPE.SRV:
      return {
        priority: bytes.readUInt16BE(from),
        weight: bytes.readUInt16BE(from + 2),
        port: bytes.readUInt16BE(from + 4),
        target: nameAt(bytes, from + 6).name,
      };
    case TYPE.SOA:
      return soa(bytes, from);
    default:
      return bytes.toString("hex", from, to);
  }
}

function strings(bytes: Buffer, from: number, to: number): readonly string[] {
  const list: string[] = [];
  for (let at = from; at < to; ) {
    const next = at + 1 + bytes.readUInt8(at);
    list.push(bytes.toString("utf8", at + 1, next));
    at = next;
  }
  return list;
}

function soa(bytes: Buffer, from: number): unknown {
  const mname = nameAt(bytes, from);
  const rname = nameAt(bytes, mname.next);
  const [serial, refresh, retry, expire, minimum] = [0, 4, 8, 12, 16].map((at) => bytes.readUInt32BE(rname.next + at));
  return { mname: mname.name, rname: rname.name, serial, refresh, retry, expire, minimum };
}

/** A plain query with recursion desired, for questions that are known at replay only: `name. TYPE CLASS`. */
export function buildQuery(question: string, id: number, udpBytes: number | undefined): Buffer {
  const [name = "", type = "A"] = question.split(" ");
  const labels = name.split(".").filter((label) => label !== "");
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE((OPCODE.QUERY << 11) | 0x0100, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(udpBytes === undefined ? 0 : 1, 10);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(own<number>(TYPE, type) ?? 0, 0);
  tail.writeUInt16BE(1, 2);
  const opt = Buffer.alloc(udpBytes === undefined ? 0 : 11);
  if (udpBytes !== undefined) {
    opt.writeUInt16BE(TYPE.OPT, 1);
    opt.writeUInt16BE(udpBytes, 3);
  }
  const body = labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, "latin1")]);
  return Buffer.concat([header, ...body, Buffer.from([0]), tail, opt]);
}
