import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";

/** Longest time that a connection may be silent. */
const SILENCE_MS_MAX = 60_000;
const BODY_BYTES_MAX = 1024 * 1024 * 1024;
/** Statuses that a Response may not give a body. */
const BODILESS = new Set([101, 204, 205, 304]);

async function bytesOf(message: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new Error(`the answer is longer than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function responseOf(message: IncomingMessage): Promise<Response> {
  const status = message.statusCode ?? 502;
  const headers = new Headers();
  for (const [name, values] of Object.entries(message.headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  const bytes = await bytesOf(message);
  return new Response(BODILESS.has(status) ? null : bytes, { status, headers });
}

/** A `fetch` whose connections come from one address of this machine; the built-in one can't say so. Redirects are not followed. */
export const boundFetch =
  (localAddress: string) =>
  (url: string, init: RequestInit = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { method = "GET", headers, body, signal } = init;
      const send = url.startsWith("https:") ? httpsRequest : httpRequest;
      const request = send(url, {
        method,
        localAddress,
        headers: Object.fromEntries(new Headers(headers)),
        ...(signal && { signal }),
      });
      request.setTimeout(SILENCE_MS_MAX, () => request.destroy(new Error("no answer in time")));
      request.on("error", reject);
      request.on("response", (message) => void responseOf(message).then(resolve, reject));
      request.end(body as string | Uint8Array | undefined);
    });
