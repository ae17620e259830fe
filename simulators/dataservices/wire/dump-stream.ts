import { createHash } from "node:crypto";
import { DataServiceError } from "./errors.ts";

/*
 * A dump that streams, of whatever size:
 *
 *   drydock-dump 2 postgresql     one line that names it
 *   …                             the engine's own bytes
 *   32 bytes                      SHA-256 of all before it
 *   8 bytes                       how many bytes are before the SHA-256, big-endian
 * Its checksum comes at the end, because its writer does not know it earlier. So a restore may touch nothing before it has read everything.
 */
const MAGIC = "drydock-dump 2 ";
const DIGEST_BYTES = 32;
const TRAILER_BYTES = DIGEST_BYTES + 8;
/** A longer first line is not accepted. */
const HEAD_BYTES_MAX = 64;
const NEWLINE = 0x0a;

/** The dump of an engine's bytes. */
export async function* sealStream(engine: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let bytes = 0;
  const pass = (chunk: Uint8Array): Uint8Array => {
    hash.update(chunk);
    bytes += chunk.length;
    return chunk;
  };
  yield pass(Buffer.from(`${MAGIC}${engine}\n`));
  for await (const chunk of body) yield pass(chunk);
  const length = Buffer.alloc(TRAILER_BYTES - DIGEST_BYTES);
  length.writeBigUInt64BE(BigInt(bytes));
  yield Buffer.concat([hash.digest(), length]);
}

/** Reads chunks, holding back as many bytes as a trailer has. */
class Reader {
  readonly #hash = createHash("sha256");
  #held: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #bytes = 0;

  /** The bytes that are certainly before the trailer. */
  push(chunk: Uint8Array): Uint8Array {
    const all = Buffer.concat([this.#held, chunk]);
    const ready = all.subarray(0, Math.max(0, all.length - TRAILER_BYTES));
    this.#held = all.subarray(ready.length);
    this.#hash.update(ready);
    this.#bytes += ready.length;
    return ready;
  }

  get isWhole(): boolean {
    if (this.#held.length !== TRAILER_BYTES) return false;
    const isDigest = this.#hash.digest().equals(this.#held.subarray(0, DIGEST_BYTES));
    return isDigest && this.#held.readBigUInt64BE(DIGEST_BYTES) === BigInt(this.#bytes);
  }
}

/** Takes the first line off. @throws DataServiceError DS_NOT_A_DUMP, DS_FOREIGN_DUMP */
function bodyAfterHead(start: Buffer, engine: string): Buffer | undefined {
  const end = start.subarray(0, HEAD_BYTES_MAX).indexOf(NEWLINE);
  if (end === -1 && start.length < HEAD_BYTES_MAX) return undefined;
  const line = start.toString("latin1", 0, Math.max(0, end));
  if (!line.startsWith(MAGIC)) throw new DataServiceError("DS_NOT_A_DUMP");
  const from = line.slice(MAGIC.length);
  if (from !== engine) throw new DataServiceError("DS_FOREIGN_DUMP", `${from}, not ${engine}`);
  return start.subarray(end + 1);
}

/**
 * The engine's bytes of a dump. They are not verified until the iteration has ended without an error. With `isTrusting`, the defect of a restore
 * that skips verification, a cut or changed dump ends without one.
 *
 * @throws DataServiceError DS_NOT_A_DUMP, DS_FOREIGN_DUMP
 */
export async function* openStream(
  engine: string,
  dump: AsyncIterable<Uint8Array>,
  isTrusting = false,
): AsyncGenerator<Uint8Array> {
  const reader = new Reader();
  let start: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of dump) {
    const ready = reader.push(chunk);
    if (start === undefined) {
      yield ready;
      continue;
    }
    start = Buffer.concat([start, ready]);
    const body = bodyAfterHead(start, engine);
    if (body === undefined) continue;
    start = undefined;
    yield body;
  }
  if (start !== undefined) throw new DataServiceError("DS_NOT_A_DUMP");
  if (!isTrusting && !reader.isWhole) throw new DataServiceError("DS_NOT_A_DUMP", "its checksum differs");
}

/** All bytes of a stream, for engines whose dumps are small. @throws DataServiceError DS_DUMP_TOO_LARGE */
export async function readAll(chunks: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new DataServiceError("DS_DUMP_TOO_LARGE", `${bytesMax} bytes`);
    all.push(chunk);
  }
  return Buffer.concat(all);
}

/** A stream of bytes that exist all at once, or will. */
export async function* streamOf(bytes: Uint8Array | Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield await bytes;
}
