import { readName } from "../wire/codec/names.ts";
import { FLAG, OPCODE, type Question, RCODE, type Rcode, TYPE } from "../wire/codec/types.ts";

/** The OPT of a query (RFC 6891 §6.1.3). */
interface Offer {
  readonly udpBytes: number;
  readonly version: number;
  /** Whether signatures are asked for. */
  readonly isDo: boolean;
}

/** A query as it came, whether or not it can be answered. */
export interface StrictQuery {
  readonly id: number;
  readonly flags: number;
  readonly opcode: number;
  readonly question: Question | undefined;
  readonly offer: Offer | undefined;
  /** The error in it. */
  readonly wrong: Rcode | undefined;
}

const HEADER_BYTES = 12;
const RECORD_TAIL_BYTES = 10;
const OPTION_HEAD_BYTES = 4;
const POINTER = 0xc0;

/** Reads a packet as a strict server does (RFC 1035 §4.1, RFC 6891 §6.1, RFC 8906); undefined is silence: less than a header, or an answer. */
export function readStrictly(bytes: Buffer): StrictQuery | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const flags = bytes.readUInt16BE(2);
  if ((flags & FLAG.QR) !== 0) return undefined;
  const opcode = (flags >> 11) & 0x0f;
  const header = { id: bytes.readUInt16BE(0), flags, opcode };
  const nothing = { ...header, question: undefined, offer: undefined };
  if (opcode !== OPCODE.QUERY && opcode !== OPCODE.NOTIFY) return { ...nothing, wrong: RCODE.NOTIMP };
  const questions = bytes.readUInt16BE(4);
  if (questions > 1) return { ...nothing, wrong: RCODE.FORMERR };
  let at = HEADER_BYTES;
  let question: Question | undefined;
  if (questions === 1) {
    const read = readQuestion(bytes);
    if (read === undefined) return { ...nothing, wrong: RCODE.FORMERR };
    ({ question, next: at } = read);
  }
  const offer = readOffer(bytes, at);
  if (offer === "malformed") return { ...header, question, offer: undefined, wrong: RCODE.FORMERR };
  return { ...header, question, offer, wrong: question === undefined ? RCODE.FORMERR : undefined };
}

/** The first name of a message has nothing before it that it could point to. */
function readQuestion(bytes: Buffer): { readonly question: Question; readonly next: number } | undefined {
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const length = bytes.readUInt8(at);
    if ((length & POINTER) !== 0) return undefined;
    if (length === 0) break;
    at += length + 1;
  }
  const read = readName(bytes, HEADER_BYTES);
  if (read === undefined || read.next + 4 > bytes.length) return undefined;
  const { name, next } = read;
  return {
    question: { name, type: bytes.readUInt16BE(next), class: bytes.readUInt16BE(next + 2) },
    next: next + 4,
  };
}

/** Skips all records; returns the one OPT of the additional ones. */
function readOffer(bytes: Buffer, from: number): Offer | undefined | "malformed" {
  const before = bytes.readUInt16BE(6) + bytes.readUInt16BE(8);
  const total = before + bytes.readUInt16BE(10);
  let at = from;
  let offer: Offer | undefined;
  for (let seen = 0; seen < total; seen++) {
    const owner = readName(bytes, at);
    if (owner === undefined || owner.next + RECORD_TAIL_BYTES > bytes.length) return "malformed";
    const data = owner.next + RECORD_TAIL_BYTES;
    const end = data + bytes.readUInt16BE(owner.next + 8);
    if (end > bytes.length) return "malformed";
    if (bytes.readUInt16BE(owner.next) === TYPE.OPT) {
      const isPlace = seen >= before && owner.name === "." && offer === undefined;
      if (!isPlace || !hasWholeOptions(bytes.subarray(data, end))) return "malformed";
      offer = {
        udpBytes: bytes.readUInt16BE(owner.next + 2),
        version: bytes.readUInt8(owner.next + 5),
        isDo: (bytes.readUInt8(owner.next + 6) & 0x80) !== 0,
      };
    }
    at = end;
  }
  return offer;
}

function hasWholeOptions(data: Buffer): boolean {
  let at = 0;
  while (at + OPTION_HEAD_BYTES <= data.length) at += OPTION_HEAD_BYTES + data.readUInt16BE(at + 2);
  return at === data.length;
}
