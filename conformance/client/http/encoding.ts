import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import { TransportError, tooLarge } from "./transport.ts";

type Decoder = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

/** The zlib format, or bare deflate data, which some servers send in its place (RFC 9110, 8.4.1.2). */
const inflate: Decoder = (bytes, options) =>
  ((bytes[0] ?? 0) & 0x0f) === 8 ? inflateSync(bytes, options) : inflateRawSync(bytes, options);

const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflate,
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
