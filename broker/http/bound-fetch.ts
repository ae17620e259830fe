import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";

/** How long a connection may be silent. */
const SILENCE_MS_MAX = 60_000;
const BODY_BYTES_MAX = 1024 * 1024 * 1024;
/** Statuses for which a Response may have no body. */
const BODILESS = new Set([101, 204, 205, 304]);

/** @throws Error when the body exceeds the limit or is cut off */
async function readBody(message: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > BODY_BYTES_MAX) throw new Error(`the answer is longer than ${BODY_BYTES_MAX} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

async function readResponse(message: IncomingMessage): Promise<Response> {
  const status = message.statusCode ?? 502;
  const headers = new Headers();
  for (const [name, values] of Object.entries(message.headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  const bytes = await readBody(message);
  return new Response(BODILESS.has(status) ? null : bytes, { status, headers });
}

/** @throws TypeError for a body that the broker never sends: a form, a stream … */
function sendBody(request: ClientRequest, body: RequestInit["body"]): void {
  if (body === undefined || body === null) request.end();
  else if (typeof body === "string" || body instanceof Uint8Array) request.end(body);
  else request.destroy(new TypeError("a bound fetch sends text and bytes only"));
}

/**
 * Creates a `fetch` that connects from one address of this machine, which the built-in one can't. Redirects are not followed.
 *
 * @param localAddress an address of this machine
 * @returns a fetch that rejects as the built-in one does, and after a minute of silence
 */
export const boundFetch =
  (localAddress: string) =>
  (url: string, init: RequestInit = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { method = "GET", headers, body, signal } = init;
      const open = url.startsWith("https:") ? httpsRequest : httpRequest;
      const request = open(url, {
        method,
        localAddress,
        headers: Object.fromEntries(new Headers(headers)),
        ...(signal && { signal }),
      });
      request.setTimeout(SILENCE_MS_MAX, () => request.destroy(new Error("no answer in time")));
      request.on("error", reject);
      request.on("response", (message) => void readResponse(message).then(resolve, reject));
      sendBody(request, body);
    });
