import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { deserialize, serialize } from "node:v8";
import { crc32 } from "node:zlib";
import { KeptCloudError } from "./errors.ts";

/** Length and CRC-32 of the following bytes, and the CRC-32 of these two: 4 bytes each, little-endian. */
const HEAD_BYTES = 12;
const HEAD_CRC_AT = 8;
const OWNER_ONLY = 0o600;

/** The contents of a file of records. */
interface ReadRecords {
  readonly records: readonly unknown[];
  /** The end of the last complete record. */
  readonly bytes: number;
  /** Bytes after it: a record that was cut off while it was written. */
  readonly tornBytes: number;
}

/** One record in the form of the file. */
export function frameOf(record: unknown): Buffer {
  const payload = serialize(record);
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(crc32(payload), 4);
  frame.writeUInt32LE(crc32(frame.subarray(0, HEAD_CRC_AT)), HEAD_CRC_AT);
  payload.copy(frame, HEAD_BYTES);
  return frame;
}

const damageAt = (name: string, at: number): KeptCloudError =>
  new KeptCloudError("DATA_DAMAGED", `${name}, byte ${at}`);

/**
 * The records of a file. A record that ends beyond the end of the file was never finished, so nothing that depends on it was acknowledged.
 *
 * @throws KeptCloudError DATA_DAMAGED for a record that is complete but wrong
 */
export function readRecords(bytes: Buffer, name: string): ReadRecords {
  const records: unknown[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    if (crc32(bytes.subarray(at, at + HEAD_CRC_AT)) !== bytes.readUInt32LE(at + HEAD_CRC_AT)) throw damageAt(name, at);
    const end = at + HEAD_BYTES + bytes.readUInt32LE(at);
    if (end > bytes.length) break;
    const payload = bytes.subarray(at + HEAD_BYTES, end);
    if (crc32(payload) !== bytes.readUInt32LE(at + 4)) throw damageAt(name, at);
    records.push(deserialize(payload));
    at = end;
  }
  return { records, bytes: at, tornBytes: bytes.length - at };
}

/**
 * A file to which records are appended. An appended record has reached the system (`write`, without `fsync`): it outlives the process, though not a
 * power failure. Plain data, as `structuredClone` takes it.
 */
export class RecordFile {
  readonly #path: string;
  readonly #file: number;
  #bytes: number;

  private constructor(path: string, bytes: number) {
    this.#path = path;
    this.#file = openSync(path, "r+");
    this.#bytes = bytes;
  }

  /**
   * Opens a file, which is created if missing, and cuts off a record that was never finished.
   * @throws KeptCloudError DATA_DAMAGED
   */
  static open(path: string): {
    readonly file: RecordFile;
    readonly records: readonly unknown[];
    readonly torn: number;
  } {
    if (!existsSync(path)) closeSync(openSync(path, "wx", OWNER_ONLY));
    const { records, bytes, tornBytes } = readRecords(readFileSync(path), path);
    const file = new RecordFile(path, bytes);
    if (tornBytes > 0) ftruncateSync(file.#file, bytes);
    return { file, records, torn: tornBytes };
  }

  /** @throws KeptCloudError DATA_FULL if it can't be written; the file is then unchanged */
  append(record: unknown): void {
    const frame = frameOf(record);
    try {
      let written = 0;
      while (written < frame.length)
        written += writeSync(this.#file, frame, written, frame.length - written, this.#bytes + written);
    } catch (error) {
      ftruncateSync(this.#file, this.#bytes);
      throw new KeptCloudError("DATA_FULL", `${this.#path}: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#bytes += frame.length;
  }

  close(): void {
    closeSync(this.#file);
  }
}
