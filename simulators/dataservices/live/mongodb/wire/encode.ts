import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, Double, MaxKey, MinKey, ObjectId, Timestamp } from "bson";
import { bytesOf } from "../values/compare.ts";
import { type Document, isArray, isDocument, isInt32, type Value } from "../values/value.ts";
import { DEPTH_MAX } from "./decode.ts";
import { ServerError } from "./errors.ts";

const INITIAL_BYTES = 512;
const OLD_BINARY = 2;
const LENGTH_BYTES = 4;

/** A growing buffer. */
class Writer {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;

  #reserve(more: number): number {
    const at = this.#length;
    if (at + more > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, at + more));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    this.#length += more;
    return at;
  }

  get result(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  #byte(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  #int32(value: number): void {
    const at = this.#reserve(LENGTH_BYTES);
    this.#bytes.writeInt32LE(value, at);
  }

  #raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  #cstring(text: string): void {
    if (text.includes("\0")) throw new ServerError("BadValue", "a name or a pattern must not hold a null byte");
    const length = Buffer.byteLength(text);
    const at = this.#reserve(length + 1);
    this.#bytes.write(text, at);
    this.#bytes[at + length] = 0;
  }

  #string(text: string): void {
    const length = Buffer.byteLength(text);
    this.#int32(length + 1);
    const at = this.#reserve(length + 1);
    this.#bytes.write(text, at);
    this.#bytes[at + length] = 0;
  }

  /** Runs `content`, and prefixes its output with the length, including the prefix. */
  #withLength(content: () => void): void {
    const at = this.#reserve(LENGTH_BYTES);
    content();
    this.#bytes.writeInt32LE(this.#length - at, at);
  }

  fields(entries: Iterable<readonly [string, Value]>, depth: number): void {
    if (depth > DEPTH_MAX) throw new ServerError("Overflow", `nested deeper than ${DEPTH_MAX}`);
    this.#withLength(() => {
      for (const [name, value] of entries) if (value !== undefined) this.#element(name, value, depth);
      this.#byte(0);
    });
  }

  #head(type: number, name: string): void {
    this.#byte(type);
    this.#cstring(name);
  }

  #number(name: string, value: number, isDouble: boolean): void {
    this.#head(isDouble ? 0x01 : 0x10, name);
    if (!isDouble) return this.#int32(value);
    const at = this.#reserve(8);
    this.#bytes.writeDoubleLE(value, at);
  }

  #int64(type: number, name: string, value: bigint): void {
    this.#head(type, name);
    const at = this.#reserve(8);
    this.#bytes.writeBigInt64LE(BigInt.asIntN(64, value), at);
  }

  #element(name: string, value: Value, depth: number): void {
    if (value === null) return this.#head(0x0a, name);
    if (typeof value === "number") return this.#number(name, value, !isInt32(value));
    if (typeof value === "bigint") return this.#int64(0x12, name, value);
    if (typeof value === "string") {
      this.#head(0x02, name);
      return this.#string(value);
    }
    if (typeof value === "boolean") {
      this.#head(0x08, name);
      return this.#byte(value ? 1 : 0);
    }
    if (isArray(value)) {
      this.#head(0x04, name);
      return this.fields(elementsOf(value), depth + 1);
    }
    if (isDocument(value)) {
      this.#head(0x03, name);
      return this.fields(Object.entries(value), depth + 1);
    }
    return this.#object(name, value, depth);
  }

  #object(name: string, value: Value, depth: number): void {
    if (value instanceof ObjectId) {
      this.#head(0x07, name);
      return this.#raw(value.id);
    }
    if (value instanceof Date) return this.#int64(0x09, name, BigInt(Math.trunc(value.getTime()) || 0));
    if (value instanceof Double) return this.#number(name, value.value, true);
    if (value instanceof Timestamp) return this.#int64(0x11, name, value.toBigInt());
    if (value instanceof Binary) return this.#binary(name, value);
    if (value instanceof Decimal128) {
      this.#head(0x13, name);
      return this.#raw(value.bytes);
    }
    if (value instanceof MinKey) return this.#head(0xff, name);
    if (value instanceof MaxKey) return this.#head(0x7f, name);
    return this.#text(name, value, depth);
  }

  #binary(name: string, value: Binary): void {
    this.#head(0x05, name);
    const bytes = bytesOf(value);
    const isOld = value.sub_type === OLD_BINARY;
    this.#int32(bytes.length + (isOld ? LENGTH_BYTES : 0));
    this.#byte(value.sub_type);
    if (isOld) this.#int32(bytes.length);
    this.#raw(bytes);
  }

  #text(name: string, value: Value, depth: number): void {
    if (value instanceof BSONRegExp) {
      this.#head(0x0b, name);
      this.#cstring(value.pattern);
      return this.#cstring(value.options);
    }
    if (value instanceof BSONSymbol) {
      this.#head(0x0e, name);
      return this.#string(value.value);
    }
    if (!(value instanceof Code)) throw new ServerError("InternalError", "a value has no type of BSON");
    const { scope } = value;
    this.#head(isDocument(scope) ? 0x0f : 0x0d, name);
    if (!isDocument(scope)) return this.#string(String(value.code));
    this.#withLength(() => {
      this.#string(String(value.code));
      this.fields(Object.entries(scope), depth + 1);
    });
  }
}

function* elementsOf(values: readonly Value[]): Generator<readonly [string, Value]> {
  for (const [at, value] of values.entries()) yield [String(at), value ?? null];
}

/** The bytes of a document; fields that are undefined are left out. @throws ServerError Overflow, BadValue */
export function encodeDocument(document: Document): Buffer {
  const writer = new Writer();
  writer.fields(Object.entries(document), 1);
  return writer.result;
}
