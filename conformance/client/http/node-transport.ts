import * as http from "node:http";
import * as https from "node:https";
import { decodeBody } from "./encoding.ts";
import {
  BoundedBody,
  type RawRequest,
  type RawResponse,
  type SendOptions,
  TRANSPORT_LIMITS,
  type Transport,
  TransportError,
  type TransportFault,
  type TransportLimits,
  tooLarge,
} from "./transport.ts";

interface NodeTransportOptions extends Partial<TransportLimits> {
  /** PEM of the authority that signed the broker's certificate, in addition to the public ones. */
  readonly ca?: string;
}

const TLS_CODES = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/;

function faultOf(code: string): TransportFault {
  if (code === "ECONNREFUSED" || code === "EHOSTUNREACH" || code === "ENETUNREACH") return "refused";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "unresolved";
  if (code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED") return "reset";
  if (code === "ETIMEDOUT") return "timeout";
  return TLS_CODES.test(code) ? "tls" : "protocol";
}

/** An AggregateError (several addresses were tried) has its code on the first error. */
function translate(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const { message, code } = describeError(inner);
  return new TransportError(faultOf(code), message || code || "the connection failed", { cause: error });
}

function describeError(error: unknown): { readonly message: string; readonly code: string } {
  if (!(error instanceof Error)) return { message: String(error), code: "" };
  return { message: error.message, code: "code" in error ? String(error.code) : "" };
}

function headersOf(message: http.IncomingMessage): Record<string, string> {
  const entries = Object.entries(message.headersDistinct);
  return Object.fromEntries(entries.map(([name, values = []]) => [name, values.join(", ")]));
}

function responseOf(message: http.IncomingMessage, body: Uint8Array, bytesMax: number): RawResponse {
  const headers = headersOf(message);
  return { status: message.statusCode ?? 0, headers, body: decodeBody(body, headers["content-encoding"], bytesMax) };
}

interface Connections {
  readonly limits: TransportLimits;
  readonly plain: http.Agent;
  readonly secure: https.Agent;
}

/** One request over a connection of its agent; rejects with a TransportError. */
function exchangeOnce(
  request: RawRequest,
  send: SendOptions,
  { limits, plain, secure }: Connections,
): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const isSecure = request.url.startsWith("https:");
    const outgoing = (isSecure ? https : http).request(request.url, {
      method: request.method,
      headers: { ...request.headers, ...lengthOf(request) },
      agent: isSecure ? secure : plain,
    });
    const stop = (error: TransportError) => outgoing.destroy(error);
    const deadline = setTimeout(
      () => stop(new TransportError("timeout", `no complete answer within ${limits.exchangeMs} ms`)),
      limits.exchangeMs,
    );
    const onAbort = () => stop(new TransportError("aborted", "interrupted"));
    send.signal?.addEventListener("abort", onAbort, { once: true });
    const settle = <T>(done: (value: T) => void, value: T) => {
      clearTimeout(deadline);
      send.signal?.removeEventListener("abort", onAbort);
      done(value);
    };
    outgoing.on("error", (error) => settle(reject, markReused(translate(error), outgoing)));
    if (send.abandon) {
      // The request must be out before the connection goes, or the broker never sees it.
      outgoing.on("finish", () => setTimeout(() => stop(new TransportError("abandoned", "the client walked away")), 5));
    }
    outgoing.on("response", (message) => {
      const body = new BoundedBody(limits.bodyBytesMax);
      message.on("data", (chunk: Uint8Array) => {
        if (!body.add(chunk)) stop(tooLarge(limits.bodyBytesMax));
      });
      message.on("error", (error) => settle(reject, translate(error)));
      message.on("end", () => {
        try {
          settle(resolve, responseOf(message, body.bytes(), limits.bodyBytesMax));
        } catch (error) {
          settle(reject, translate(error));
        }
      });
    });
    if (send.signal?.aborted) onAbort();
    else outgoing.end(request.body);
  });
}

/**
 * A transport over real sockets: keep-alive, no redirect followed, one deadline for the whole exchange, a bounded body.
 * `dispose` closes its connections.
 */
export function nodeTransport(options: NodeTransportOptions = {}): Transport & { dispose(): void } {
  const limits: TransportLimits = { ...TRANSPORT_LIMITS, ...options };
  const plain = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const secure = new https.Agent({ keepAlive: true, maxSockets: 16, ...(options.ca ? { ca: options.ca } : {}) });
  const connections: Connections = { limits, plain, secure };

  const transport = async (request: RawRequest, send: SendOptions = {}): Promise<RawResponse> => {
    try {
      return await exchangeOnce(request, send, connections);
    } catch (error) {
      // A kept-alive connection that the other side has closed meanwhile says nothing about this request.
      if (error instanceof StaleConnection && !send.signal?.aborted) return exchangeOnce(request, send, connections);
      throw error;
    }
  };
  return Object.assign(transport, {
    dispose() {
      plain.destroy();
      secure.destroy();
    },
  });
}

class StaleConnection extends TransportError {}

function markReused(error: TransportError, request: http.ClientRequest): TransportError {
  if (error.fault !== "reset" || !request.reusedSocket) return error;
  return new StaleConnection("reset", error.message, { cause: error });
}

function lengthOf(request: RawRequest): Record<string, string> {
  return request.body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(request.body)) };
}
