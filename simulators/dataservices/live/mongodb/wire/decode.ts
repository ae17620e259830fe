import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, MaxKey, MinKey, ObjectId, Timestamp } from "bson";
import { doubleOf, type Document, type Draft, type Value } from "../values/value.ts";
import { ServerError } from "./errors.ts";

/** How deeply documents may be nested (`BSONDepth::kDefaultMaxAllowableDepth` of the server is 200). */
export const DEPTH_MAX = 200;

const LENGTH_BYTES = 4;
/** An empty document: its length and the zero at the end. */
const DOCUMENT_BYTES_MIN = 5;
const OBJECT_ID_BYTES = 12;
const DECIMAL_BYTES = 16;
const LONG_BYTES = 8;
const OLD_BINARY = 2;

const bad = (why: string): ServerError => new ServerError("InvalidBSON", `invalid BSON: ${why}`);

/** Texts must be UTF-8: anything else would not survive a round trip. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads documents from untrusted bytes. Keeps no reference to `bytes`. */
class Reader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  #take(length: number, end: number): number {
    const from = this.at;
    if (length < 0 || from + length > end) throw bad("a value reaches beyond its document");
    this.at += length;
    return from;
  }

  #int32(end: number): number {
    return this.#bytes.readInt32LE(this.#take(LENGTH_BYTES, end));
  }

  #text(from: number, to: number): string {
    try {
      return UTF8.decode(this.#bytes.subarray(from, to));
    } catch {
      throw bad("a text is not UTF-8");
    }
  }

  #cstring(end: number): string {
    const to = this.#bytes.indexOf(0, this.at);
    if (to === -1 || to >= end) throw bad("a name has no end");
    const text = this.#text(this.at, to);
    this.at = to + 1;
    return text;
  }

  #string(end: number): string {
    const length = this.#int32(end);
    if (length < 1) throw bad("a text has no end");
    const from = this.#take(length, end);
    if (this.#bytes[from + length - 1] !== 0) throw bad("a text has no end");
    return this.#text(from, from + length - 1);
  }

  #binary(end: number): Binary {
    const length = this.#int32(end);
    const type = this.#bytes[this.#take(1, end)] ?? 0;
    const from = this.#take(length, end);
    const isOld = type === OLD_BINARY && length >= LENGTH_BYTES;
    if (isOld && this.#bytes.readInt32LE(from) !== length - LENGTH_BYTES) throw bad("a binary contradicts its length");
    return new Binary(Buffer.from(this.#bytes.subarray(isOld ? from + LENGTH_BYTES : from, from + length)), type);
  }

  /** A document or array that begins here and lies before `end`. */
  #bounds(end: number): number {
    const from = this.at;
    const length = this.#int32(end);
    const to = from + length;
    if (length < DOCUMENT_BYTES_MIN || to > end || this.#bytes[to - 1] !== 0)
      throw bad("a document contradicts its length");
    return to - 1;
  }

  document(end: number, depth: number): Document {
    if (depth > DEPTH_MAX) throw bad(`nested deeper than ${DEPTH_MAX}`);
    const to = this.#bounds(end);
    const document: Draft = {};
    while (this.at < to) {
      const type = this.#bytes[this.#take(1, to)] ?? 0;
      const name = this.#cstring(to);
      if (name === "__proto__") throw bad("a field named __proto__ is not simulated");
      document[name] = this.#value(type, to, depth);
    }
    this.#end(to);
    return document;
  }

  #array(end: number, depth: number): readonly Value[] {
    if (depth > DEPTH_MAX) throw bad(`nested deeper than ${DEPTH_MAX}`);
    const to = this.#bounds(end);
    const values: Value[] = [];
    while (this.at < to) {
      const type = this.#bytes[this.#take(1, to)] ?? 0;
      this.#cstring(to);
      values.push(this.#value(type, to, depth));
    }
    this.#end(to);
    return values;
  }

  #end(to: number): void {
    if (this.at !== to) throw bad("a document contradicts its length");
    this.at = to + 1;
  }

  #value(type: number, end: number, depth: number): Value {
    const bytes = this.#bytes;
    switch (type) {
      case 0x01:
        return doubleOf(bytes.readDoubleLE(this.#take(LONG_BYTES, end)));
      case 0x02:
        return this.#string(end);
      case 0x03:
        return this.document(end, depth + 1);
      case 0x04:
        return this.#array(end, depth + 1);
      case 0x08:
        return this.#boolean(end);
      case 0x0a:
        return null;
      case 0x10:
        return this.#int32(end);
      case 0x12:
        return bytes.readBigInt64LE(this.#take(LONG_BYTES, end));
      default:
        return this.#object(type, end, depth);
    }
  }

  #boolean(end: number): boolean {
    const byte = this.#bytes[this.#take(1, end)];
    if (byte !== 0 && byte !== 1) throw bad("a boolean is neither true nor false");
    return byte === 1;
  }

  #regex(pattern: string, options: string): BSONRegExp {
    if (!/^[imlsux]*$/.test(options)) throw bad("a regular expression has unknown options");
    return new BSONRegExp(pattern, options);
  }

  #object(type: number, end: number, depth: number): Value {
    const bytes = this.#bytes;
    switch (type) {
      case 0x05:
        return this.#binary(end);
      case 0x06:
        throw bad("the type undefined is not simulated");
      case 0x07:
        return new ObjectId(Buffer.from(bytes.subarray(this.#take(OBJECT_ID_BYTES, end), this.at)));
      case 0x09:
        return new Date(Number(bytes.readBigInt64LE(this.#take(LONG_BYTES, end))));
      case 0x0b:
        return this.#regex(this.#cstring(end), this.#cstring(end));
      case 0x0d:
        return new Code(this.#string(end));
      case 0x0e:
        return new BSONSymbol(this.#string(end));
      case 0x0f:
        return this.#codeWithScope(end, depth);
      case 0x11:
        return new Timestamp(bytes.readBigUInt64LE(this.#take(LONG_BYTES, end)));
      case 0x13:
        return new Decimal128(Buffer.from(bytes.subarray(this.#take(DECIMAL_BYTES, end), this.at)));
      case 0x7f:
        return new MaxKey();
      case 0xff:
        return new MinKey();
      default:
        throw bad(`the type 0x${type.toString(16)} is unknown`);
    }
  }

  #codeWithScope(end: number, depth: number): Code {
    const from = this.at;
    const to = from + this.#int32(end);
    if (to > end) throw bad("code reaches beyond its document");
    const code = this.#string(to);
    const scope = this.document(to, depth + 1);
    if (this.at !== to) throw bad("code contradicts its length");
    return new Code(code, scope);
  }
}

/** A document and where it ends. @throws ServerError InvalidBSON */
export function readDocument(bytes: Buffer, from: number, end = bytes.length): { document: Document; end: number } {
  const reader = new Reader(bytes, from);
  const document = reader.document(end, 1);
  return { document, end: reader.at };
}

/** The document that consists of all the bytes. @throws ServerError InvalidBSON */
export function decodeDocument(bytes: Buffer): Document {
  const { document, end } = readDocument(bytes, 0);
  if (end !== bytes.length) throw bad("bytes follow the document");
  return document;
}
