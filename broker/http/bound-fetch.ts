import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { pipeline } from "node:stream/promises";
import { streamOf } from "./stream.ts";

/** How long a connection may be silent. */
const SILENCE_MS_MAX = 60_000;
/** Statuses for which a Response may have no body. */
const BODILESS = new Set([101, 204, 205, 304]);

/** The answer, whose body comes as it is read; a connection that breaks off fails it. */
function responseOf(message: IncomingMessage): Response {
  const status = message.statusCode ?? 502;
  const headers = new Headers();
  for (const [name, values] of Object.entries(message.headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  if (!BODILESS.has(status)) return new Response(ReadableStream.from(bytesOf(message)), { status, headers });
  message.resume();
  return new Response(null, { status, headers });
}

function bytesOf(message: IncomingMessage): AsyncIterable<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = message[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    const each = await chunks.next();
    if (each.done === true && !message.complete) throw new Error("the answer broke off");
    return each;
  };
  return streamOf(next, () => message.destroy());
}

/** @throws TypeError for a body that the broker never sends: a form … */
function sendBody(request: ClientRequest, body: RequestInit["body"]): void {
  if (body === undefined || body === null) request.end();
  else if (typeof body === "string" || body instanceof Uint8Array) request.end(body);
  else if (body instanceof ReadableStream) {
    pipeline(body, request).catch((error: Error) => request.destroy(error));
  } else request.destroy(new TypeError("a bound fetch sends text, bytes and streams of bytes only"));
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
      request.on("response", (message) => resolve(responseOf(message)));
      sendBody(request, body);
    });
