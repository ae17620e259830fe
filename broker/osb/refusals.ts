import { type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { BackendError, FinalError, OsbError, wrongType } from "../errors.ts";

/** The answer to a request that is refused: a status, and a body as the OSB specification says ("Service Broker Errors"). */
interface Refusal {
  readonly status: number;
  readonly body: { readonly error?: string; readonly description: string };
}

const JSON_TYPE = "application/json; charset=utf-8";

const refusal = (status: number, description: string): Refusal => ({ status, body: { description } });

const UNSUPPORTED_MEDIA_TYPE = 415;

/** Makes the refusal for an error; it shows nothing of the backend's internals. The broker's own defects go to `report`. */
export function refusalOf(error: unknown, report: (error: unknown) => void): Refusal {
  if (error instanceof OsbError) {
    const { status, error: code, message } = error;
    return { status, body: { ...(code !== undefined && { error: code }), description: message } };
  }
  if (error instanceof BackendError) return refusal(503, "The service is out of order for the moment; try again.");
  if (error instanceof FinalError) return refusal(502, "The service could not do what was asked; ask its operator.");
  const status = typeof error === "object" && error !== null && "statusCode" in error ? Number(error.statusCode) : 500;
  // The framework's word for a type that is not a media type at all; what is one, but not JSON, is refused by `parseBody`.
  if (status === UNSUPPORTED_MEDIA_TYPE) return refusalOf(wrongType(), report);
  if (status < 500) return refusal(status, error instanceof Error ? error.message : "The request is wrong.");
  report(error);
  return refusal(500, "The broker has failed; its operator has been notified.");
}

/** Refusals of requests that Node.js could not read, by its error code (`http.Server`, event "clientError"). */
const UNREADABLE: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: refusal(408, "The request took too long to arrive."),
  HPE_HEADER_OVERFLOW: refusal(431, "The headers are too large."),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: refusal(413, "The chunk extensions of the body are too large."),
  HPE_INVALID_METHOD: refusal(400, "The method is not one of HTTP."),
};

/** How long a connection stays open for a client that is still sending: if it closed at once, the answer might not arrive. */
const LINGER_MS_MAX = 2_000;

/** Answers without the framework, and closes the connection. */
function answer(socket: Duplex, { status, body }: Refusal): void {
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${JSON_TYPE}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${text}`);
  socket.resume();
  const late = setTimeout(() => socket.destroy(), LINGER_MS_MAX);
  socket.once("close", () => clearTimeout(late));
}

/** Refuses a request that is not HTTP. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  // The answer has been sent; what arrives after it is not HTTP either.
  if (socket.writableEnded) return;
  if (!socket.writable) return void socket.destroy(error);
  answer(socket, UNREADABLE[error.code ?? ""] ?? refusal(400, "The request is not HTTP that this broker can read."));
}

/** Makes the refusals that Node.js would send itself look like all others. */
export function refuseEarly(server: Server): void {
  server.on("checkExpectation", (request, response) => {
    const { status, body } = refusal(417, "The expectation of the header Expect can't be met.");
    const text = JSON.stringify(body);
    response.writeHead(status, { "content-type": JSON_TYPE, "content-length": Buffer.byteLength(text) });
    response.end(text);
    request.resume();
  });
  server.on("connect", (_request, socket) => {
    // The client may be gone already.
    socket.on("error", () => {});
    answer(socket, refusal(405, "This broker is not a proxy."));
  });
}
