import { addressBytes } from "./address.ts";
import { bytesText, nextLabel, unescapeText, writeLabel } from "./names.ts";
import { type Message, type Opt, RAW, type Rr, type Subnet, TYPE } from "./types.ts";

/** Offsets above this can't be pointed to (RFC 1035 §4.1.4). */
const POINTER_MAX = 0x3fff;
const QUESTION_OFFSET = 12;
const STRING_BYTES_MAX = 255;
/** The most bytes written between two checks of the space left: a record with a name, or a string of a measured TXT. */
const ROOM_BYTES = 4096;
const CLASS_IN = 1;
const EDNS_SUBNET = 8;

/** One message under construction. Replies are written one at a time, so the scratch space is shared. */
class Writer {
  bytes: Buffer = Buffer.allocUnsafe(1 << 17);
  at = 0;
  /** Names to which pointers can lead; `undefined` if the message is not compressed. */
  offsets: Map<string, number> | undefined;
  /** The name of the question, which most other names are or end with. */
  question = "";
  failed = false;
  #compresses = false;

  begin(compress: boolean): void {
    this.at = QUESTION_OFFSET;
    this.offsets = undefined;
    this.question = "";
    this.failed = false;
    this.#compresses = compress;
  }

  /** Names written so far. Most answers only repeat the question and never need them. */
  #questionOffsets(): Map<string, number> {
    const offsets = new Map<string, number>();
    let at = QUESTION_OFFSET;
    const name = bytesText(this.question);
    for (let from = 0; from < name.length; ) {
      offsets.set(name.slice(from), at);
      from = nextLabel(name, from);
      at += 1 + this.bytes.readUInt8(at);
    }
    return offsets;
  }

  room(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(this.bytes.length * 2 + bytes);
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  u8(value: number): void {
    this.bytes[this.at++] = value;
  }

  u16(value: number): void {
    this.bytes[this.at++] = (value >> 8) & 0xff;
    this.bytes[this.at++] = value & 0xff;
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  list(bytes: ArrayLike<number>): void {
    for (let at = 0; at < bytes.length; at++) this.bytes[this.at++] = bytes[at] ?? 0;
  }

  /** Writes a name. It may end in a pointer only with `mayPoint`, but later names can always point to it. Case-sensitive, as Consul's library is. */
  name(given: string, mayPoint: boolean): void {
    const isQuestion = this.at === QUESTION_OFFSET;
    if (mayPoint && this.#compresses && given === this.question) return this.u16(0xc000 | QUESTION_OFFSET);
    if (this.#compresses && !isQuestion) this.offsets ??= this.#questionOffsets();
    const { offsets } = this;
    const name = bytesText(given);
    this.room(name.length + 2);
    for (let from = 0; from < name.length && name !== "."; ) {
      if (offsets !== undefined) {
        const suffix = from === 0 ? name : name.slice(from);
        const known = offsets.get(suffix);
        if (known !== undefined && mayPoint) return this.u16(0xc000 | known);
        if (known === undefined && this.at <= POINTER_MAX) offsets.set(suffix, this.at);
      }
      const next = writeLabel(this.bytes, this.at, name, from);
      if (next < 0) {
        this.failed = true;
        return;
      }
      this.at += 1 + this.bytes.readUInt8(this.at);
      from = next;
    }
    this.u8(0);
  }
}

const writer = new Writer();

/** The bytes of a message, or `undefined` when it has a name or a string that can't be sent. */
export function encodeMessage(message: Message, compress: boolean): Uint8Array | undefined {
  write(message, compress);
  if (writer.failed) return undefined;
  return Uint8Array.prototype.slice.call(writer.bytes, 0, writer.at);
}

/** How many bytes a message takes. */
export function sizeOf(message: Message, compress: boolean): number {
  write(message, compress);
  return writer.at;
}

function write(message: Message, compress: boolean): void {
  const { question, answer, authority, additional } = message;
  writer.begin(compress);
  if (question !== undefined) {
    writer.name(question.name, false);
    if (question.name !== ".") writer.question = question.name;
    writer.u16(question.type);
    writer.u16(question.class);
  }
  for (const rr of answer) record(rr);
  for (const rr of authority) record(rr);
  for (const rr of additional) record(rr);
  header(message);
}

function header({ id, flags, opcode, rcode, question, answer, authority, additional }: Message): void {
  const end = writer.at;
  writer.at = 0;
  writer.u16(id);
  writer.u16((flags & 0x87f0) | (opcode << 11) | rcode);
  writer.u16(question === undefined ? 0 : 1);
  writer.u16(answer.length);
  writer.u16(authority.length);
  writer.u16(additional.length);
  writer.at = end;
}

function record(rr: Rr): void {
  writer.room(ROOM_BYTES);
  if (rr.type === TYPE.OPT) return opt(rr);
  writer.name(rr.name, true);
  writer.u16(rr.type === RAW ? rr.code : rr.type);
  writer.u16(CLASS_IN);
  writer.u32(rr.ttl);
  const lengthAt = writer.at;
  writer.at += 2;
  data(rr);
  const length = writer.at - lengthAt - 2;
  writer.bytes[lengthAt] = length >> 8;
  writer.bytes[lengthAt + 1] = length & 0xff;
}

function data(rr: Exclude<Rr, Opt>): void {
  switch (rr.type) {
    case TYPE.A:
    case TYPE.AAAA:
      return writer.list(addressBytes(rr.address) ?? []);
    case TYPE.CNAME:
    case TYPE.NS:
    case TYPE.PTR:
      return writer.name(rr.target, true);
    case TYPE.TXT:
      return rr.texts.forEach(string);
    case TYPE.SRV:
      writer.u16(rr.priority);
      writer.u16(rr.weight);
      writer.u16(rr.port);
      // Never compressed (RFC 2782, RFC 3597 §4).
      return writer.name(rr.target, false);
    case TYPE.MX:
      writer.u16(rr.preference);
      return writer.name(rr.exchange, true);
    case TYPE.SOA:
      writer.name(rr.data.mname, true);
      writer.name(rr.data.rname, true);
      writer.u32(rr.data.serial);
      writer.u32(rr.data.refresh);
      writer.u32(rr.data.retry);
      writer.u32(rr.data.expire);
      return writer.u32(rr.data.minimum);
    case RAW:
      writer.room(rr.rdata.length);
      return writer.list(rr.rdata);
  }
}

function string(text: string): void {
  const bytes = unescapeText(bytesText(text));
  if (bytes === undefined || bytes.length > STRING_BYTES_MAX) writer.failed = true;
  writer.room((bytes?.length ?? 0) + ROOM_BYTES);
  writer.u8(bytes?.length ?? 0);
  writer.list(bytes ?? []);
}

function opt({ udpBytes, ttl, subnet }: Opt): void {
  writer.u8(0);
  writer.u16(TYPE.OPT);
  writer.u16(udpBytes);
  writer.u32(ttl);
  if (subnet === undefined) return writer.u16(0);
  const address = maskAddress(subnet);
  writer.u16(address.length + 8);
  writer.u16(EDNS_SUBNET);
  writer.u16(address.length + 4);
  writer.u16(subnet.family);
  writer.u8(subnet.sourceBits);
  writer.u8(subnet.scopeBits);
  writer.list(address);
}

/** The bytes of an address that its prefix covers, the bits beyond it zero. */
function maskAddress({ address, sourceBits }: Subnet): Uint8Array {
  const kept = address.slice(0, Math.ceil(sourceBits / 8));
  const spare = kept.length * 8 - sourceBits;
  if (spare > 0) kept[kept.length - 1] = (kept[kept.length - 1] ?? 0) & (0xff << spare);
  return kept;
}
