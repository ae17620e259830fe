import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { TransportError, tooLarge } from "./transport.ts";

const DECODERS: Readonly<Record<string, typeof gunzipSync>> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/**
 * Undoes the codings of a body's Content-Encoding. A server may use any, because no Accept-Encoding is sent
 * (RFC 9110, 12.5.3). An unknown coding leaves the body as it is.
 *
 * @throws TransportError too-large, or protocol if the body contradicts its header
 */
export function decodeBody(body: Uint8Array, contentEncoding: string | undefined, bytesMax: number): Uint8Array {
  const codings = (contentEncoding ?? "").split(",").map((coding) => coding.trim().toLowerCase());
  return codings.reduceRight((bytes, coding) => undoCoding(bytes, coding, bytesMax), body);
}

function undoCoding(bytes: Uint8Array, coding: string, bytesMax: number): Uint8Array {
  const decoder = DECODERS[coding];
  if (decoder === undefined || bytes.byteLength === 0) return bytes;
  try {
    return decoder(bytes, { maxOutputLength: bytesMax });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(bytesMax);
    throw new TransportError("protocol", `the body is not ${coding}, though its Content-Encoding says so`, {
      cause: error,
    });
  }
}
