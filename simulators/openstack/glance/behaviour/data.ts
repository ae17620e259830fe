import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { type Glance, type ImageData, type ImageRow, touch } from "../state.ts";

/** The largest data of an image that is kept for download, bytes. */
export const DATA_BYTES_KEPT_MAX = 1024 * 1024;
/** The largest upload, bytes. */
export const UPLOAD_BYTES_MAX = 64 * 1024 ** 3;

/** Digests data chunk by chunk; memory stays flat whatever its size. */
class Digester {
  readonly #md5 = createHash("md5");
  readonly #sha512 = createHash("sha512");
  #kept: Uint8Array[] | undefined = [];
  #size = 0;

  add(bytes: Uint8Array): void {
    this.#md5.update(bytes);
    this.#sha512.update(bytes);
    this.#size += bytes.length;
    if (this.#size > DATA_BYTES_KEPT_MAX) this.#kept = undefined;
    this.#kept?.push(bytes);
  }

  finish(): ImageData {
    return {
      size: this.#size,
      checksum: this.#md5.digest("hex"),
      sha512: this.#sha512.digest("hex"),
      data: this.#kept === undefined ? null : new Uint8Array(Buffer.concat(this.#kept)),
    };
  }
}

/** Digests a stream as it flows. */
export async function receiveData(stream: Readable): Promise<ImageData> {
  const digester = new Digester();
  for await (const chunk of stream) digester.add(Buffer.from(chunk));
  return digester.finish();
}

/** Digests complete data, and keeps all of it. */
export function digestData(body: string | Uint8Array): ImageData {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const digester = new Digester();
  digester.add(bytes);
  return { ...digester.finish(), data: new Uint8Array(bytes) };
}

/** Gives the image its data, which makes it active. */
export function fill(glance: Glance, row: ImageRow, data: ImageData): void {
  Object.assign(row, data, { status: "active", staged: null });
  touch(glance, row);
  glance.cloud.kernel.record("glance", "image.active", row.id, { size: data.size, checksum: data.checksum });
}
