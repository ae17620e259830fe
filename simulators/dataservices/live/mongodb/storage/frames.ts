import { decodeDocument } from "../wire/decode.ts";
import { encodeDocument } from "../wire/encode.ts";
import { crc32c } from "../wire/crc32c.ts";
import type { Document } from "../values/value.ts";

/*
 * Log, snapshots and dumps are sequences of frames: the length of a document, its CRC-32C, the document. A
 * file that was truncated within a frame is intact up to that frame.
 */
const HEAD_BYTES = 8;

/** A document as a frame. */
export function frameOf(document: Document): Buffer {
  const body = encodeDocument(document);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(body.length, 0);
  head.writeUInt32LE(crc32c(body), 4);
  return Buffer.concat([head, body]);
}

/** The documents of the frames, and the end of the last intact one. */
export function readFrames(bytes: Buffer): { readonly documents: readonly Document[]; readonly end: number } {
  const documents: Document[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const end = at + HEAD_BYTES + bytes.readUInt32LE(at);
    if (end > bytes.length) break;
    const body = bytes.subarray(at + HEAD_BYTES, end);
    if (crc32c(body) !== bytes.readUInt32LE(at + 4)) break;
    documents.push(decodeDocument(body));
    at = end;
  }
  return { documents, end: at };
}

/** The documents of frames that come in pieces. Nothing after a damaged frame is read. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  readonly documents: Document[] = [];

  push(piece: Uint8Array): void {
    const bytes = Buffer.concat([this.#rest, piece]);
    const { documents, end } = readFrames(bytes);
    for (const document of documents) this.documents.push(document);
    this.#rest = bytes.subarray(end);
  }
}
