import { createHmac, hash, timingSafeEqual } from "node:crypto";

/** Bytes of one block: what SHA-256 gives. */
const BLOCK_BYTES = 32;

/**
 * A named stream of secrets: HMAC-SHA-256 of a running number, with the secret key of the world. Unlike `Random`, which is fast and
 * linear, no part of it reveals another: whoever has one password of a stream can work out neither the next nor the one before.
 */
export class SecretStream {
  readonly #name: string;
  #key: string;
  /** Bytes drawn so far: the whole state. */
  drawnBytes = 0;

  constructor(key: number | string, name: string) {
    this.#key = String(key);
    this.#name = name;
  }

  /** Switches to another stream, at its beginning. */
  rekey(key: number | string): void {
    this.#key = String(key);
    this.drawnBytes = 0;
  }

  #block(at: number): Buffer {
    return createHmac("sha256", this.#key).update(`${this.#name}/${at}`).digest();
  }

  bytes(count: number): Uint8Array {
    const first = Math.floor(this.drawnBytes / BLOCK_BYTES);
    const skipped = this.drawnBytes % BLOCK_BYTES;
    const blocks = Math.ceil((skipped + count) / BLOCK_BYTES);
    this.drawnBytes += count;
    const drawn = Buffer.concat(Array.from({ length: blocks }, (_none, at) => this.#block(first + at)));
    return new Uint8Array(drawn.subarray(skipped, skipped + count));
  }

  /** `digits` lower-case hexadecimal digits. */
  hex(digits: number): string {
    return Buffer.from(this.bytes(Math.ceil(digits / 2)))
      .toString("hex")
      .slice(0, digits);
  }

  /** A version 4 UUID (RFC 9562 §5.4). */
  uuid(): string {
    const bytes = this.bytes(16);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const text = Buffer.from(bytes).toString("hex");
    return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }
}

const digestOf = (text: string): Buffer => hash("sha256", text, "buffer");

/** Whether two secrets are equal, in a time that reveals neither where they differ nor how long they are. */
export const sameSecret = (given: string, expected: string): boolean =>
  timingSafeEqual(digestOf(given), digestOf(expected));
