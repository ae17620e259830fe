import { readName } from "./names.ts";
import { OPCODE, type Opt, type Query, type Question, type Subnet, TYPE } from "./types.ts";

/** A server's view of a packet before it looks at the question. */
type Received =
  | { readonly kind: "query"; readonly query: Query }
  /** No answer: less than a header, or itself an answer. */
  | { readonly kind: "silence" }
  /** Refused with a header and, when it could be read, the question. */
  | { readonly kind: "reject"; readonly notImplemented: boolean; readonly question: Question | undefined };

const HEADER_BYTES = 12;
const ANSWERS_MAX = 1;
const AUTHORITIES_MAX = 1;
const ADDITIONALS_MAX = 2;
const EDNS_SUBNET = 8;

const SILENCE: Received = { kind: "silence" };
const REJECT: Received = { kind: "reject", notImplemented: false, question: undefined };
const NOT_IMPLEMENTED: Received = { kind: "reject", notImplemented: true, question: undefined };

/**
 * Reads a packet as a tolerant server does: counts may lie, trailing bytes are ignored (Consul's DNS library). Whether half of a class counts as
 * none depends on its release.
 */
export function decodeQuery(bytes: Buffer, takesHalfClass = true): Received {
  if (bytes.length < HEADER_BYTES) return SILENCE;
  const flags = bytes.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return SILENCE;
  const opcode = (flags >> 11) & 0x0f;
  if (opcode !== OPCODE.QUERY && opcode !== OPCODE.NOTIFY) return NOT_IMPLEMENTED;
  const counts = {
    answers: bytes.readUInt16BE(6),
    authorities: bytes.readUInt16BE(8),
    additionals: bytes.readUInt16BE(10),
  };
  if (
    bytes.readUInt16BE(4) !== 1 ||
    counts.answers > ANSWERS_MAX ||
    counts.authorities > AUTHORITIES_MAX ||
    counts.additionals > ADDITIONALS_MAX
  )
    return REJECT;
  const header = { id: bytes.readUInt16BE(0), flags, opcode };
  if (bytes.length === HEADER_BYTES)
    return { kind: "query", query: { ...header, question: undefined, opt: undefined } };
  const read = readQuestion(bytes, takesHalfClass);
  if (read === undefined) return REJECT;
  const { question, next } = read;
  const records = readRecords(bytes, next, counts.answers, counts.authorities, counts.additionals);
  if (records === "malformed") return { kind: "reject", notImplemented: false, question };
  return { kind: "query", query: { ...header, question, opt: records } };
}

function readQuestion(
  bytes: Buffer,
  takesHalfClass: boolean,
): { readonly question: Question; readonly next: number } | undefined {
  const read = readName(bytes, HEADER_BYTES);
  if (read === undefined) return undefined;
  const { name, next } = read;
  const left = bytes.length - next;
  if (left === 0) return { question: { name, type: 0, class: 0 }, next };
  if (left === 1) return undefined;
  const type = bytes.readUInt16BE(next);
  if (left === 3 && !takesHalfClass) return undefined;
  if (left < 4) return { question: { name, type, class: 0 }, next: bytes.length };
  return { question: { name, type, class: bytes.readUInt16BE(next + 2) }, next: next + 4 };
}

interface RecordRead {
  readonly next: number;
  readonly opt: Opt | undefined;
}

/** Skips the records; returns the last OPT of the additional ones. */
function readRecords(
  bytes: Buffer,
  from: number,
  answers: number,
  authorities: number,
  additionals: number,
): Opt | undefined | "malformed" {
  let at = from;
  let opt: Opt | undefined;
  const total = answers + authorities + additionals;
  for (let seen = 0; seen < total && at < bytes.length; seen++) {
    const read = readRecord(bytes, at);
    if (read === undefined) return "malformed";
    at = read.next;
    if (seen >= answers + authorities) opt = read.opt ?? opt;
  }
  return opt;
}

const FIXED: Readonly<Record<number, number>> = { [TYPE.A]: 4, [TYPE.AAAA]: 16 };

function readRecord(bytes: Buffer, at: number): RecordRead | undefined {
  const owner = readName(bytes, at);
  if (owner === undefined || owner.next + 10 > bytes.length) return undefined;
  const type = bytes.readUInt16BE(owner.next);
  const length = bytes.readUInt16BE(owner.next + 8);
  const data = owner.next + 10;
  if (data + length > bytes.length) return undefined;
  const next = data + length;
  if (type !== TYPE.OPT) {
    const fixed = FIXED[type];
    return fixed !== undefined && length !== 0 && length !== fixed ? undefined : { next, opt: undefined };
  }
  const subnet = readOptions(bytes.subarray(data, next));
  if (subnet === "malformed") return undefined;
  const udpBytes = bytes.readUInt16BE(owner.next + 2);
  return {
    next,
    opt: { type: TYPE.OPT, name: owner.name, udpBytes, ttl: bytes.readUInt32BE(owner.next + 4), subnet },
  };
}

function readOptions(data: Buffer): Subnet | undefined | "malformed" {
  let subnet: Subnet | undefined;
  for (let at = 0; at < data.length; ) {
    if (at + 4 > data.length) return "malformed";
    const [code, length] = [data.readUInt16BE(at), data.readUInt16BE(at + 2)];
    at += 4;
    if (at + length > data.length) return "malformed";
    if (code === EDNS_SUBNET) {
      const read = readSubnet(data.subarray(at, at + length));
      if (read === undefined) return "malformed";
      subnet ??= read;
    }
    at += length;
  }
  return subnet;
}

const FAMILY_BYTES: Readonly<Record<number, number>> = { 1: 4, 2: 16 };

function readSubnet(data: Buffer): Subnet | undefined {
  if (data.length < 4) return undefined;
  const family = data.readUInt16BE(0);
  const [sourceBits, scopeBits] = [data.readUInt8(2), data.readUInt8(3)];
  if (family === 0) return sourceBits === 0 ? { family, sourceBits, scopeBits, address: new Uint8Array(0) } : undefined;
  const size = FAMILY_BYTES[family];
  if (size === undefined || sourceBits > size * 8 || scopeBits > size * 8) return undefined;
  const address = new Uint8Array(size);
  address.set(data.subarray(4, 4 + size));
  return { family, sourceBits, scopeBits, address };
}
