import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

/** A request as a transport sends it. */
export interface LoadRequest {
  readonly method: string;
  /** With its query; begins with a slash. */
  readonly path: string;
  /** Sent as JSON; a text is sent as it is. */
  readonly body?: object | string;
  /** Headers besides those of the target. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The result: an answer, or the class of the failure. */
export type LoadReply =
  | { readonly kind: "answer"; readonly status: number; readonly body: unknown }
  | { readonly kind: "error"; readonly what: string };

/** How requests reach the broker. It never rejects. */
export interface Transport {
  send(request: LoadRequest): Promise<LoadReply>;
  /** Closes its connections. */
  close(): void;
}

/** How to reach a broker over HTTP. */
export interface HttpTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** PEM of a private CA. Default: those of this machine. */
  readonly ca?: string;
  /** How long to wait for an answer, in ms. */
  readonly timeoutMs: number;
  /** How many connections at once. Default: as many as there are requests waiting. */
  readonly connections?: number;
}

const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection reset",
  ETIMEDOUT: "connection timed out",
  ENOTFOUND: "name not found",
  EMFILE: "out of file descriptors here",
  EADDRNOTAVAIL: "out of local ports here",
};

const classOf = (error: Error): string => {
  const code = "code" in error ? String(error.code) : "";
  return BY_CODE[code] ?? (code === "" ? error.message : code);
};

function parse(status: number, text: string): LoadReply {
  if (text === "") return { kind: "answer", status, body: {} };
  try {
    return { kind: "answer", status, body: JSON.parse(text) };
  } catch {
    // A proxy's error need not be JSON.
    return status >= 400 ? { kind: "answer", status, body: {} } : { kind: "error", what: "malformed answer" };
  }
}

/** Makes a transport over HTTP or HTTPS that keeps its connections. */
export function httpTransport({ url, headers, ca, timeoutMs, connections }: HttpTarget): Transport {
  const base = new URL(url);
  const isTls = base.protocol === "https:";
  const options = { keepAlive: true, ...(connections !== undefined && { maxSockets: connections }) };
  const agent = isTls ? new HttpsAgent({ ...options, ...(ca !== undefined && { ca }) }) : new HttpAgent(options);
  const start = isTls ? httpsRequest : httpRequest;
  const prefix = base.pathname.replace(/\/$/, "");
  const send = ({ method, path, body, headers: own }: LoadRequest): Promise<LoadReply> =>
    new Promise((resolve) => {
      const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
      const length = text === undefined ? {} : { "content-length": String(Buffer.byteLength(text)) };
      const init: RequestOptions = { method, agent, headers: { ...headers, ...own, ...length } };
      const request = start(new URL(`${prefix}${path}`, base), init, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => end(parse(response.statusCode ?? 0, Buffer.concat(parts).toString())));
        response.on("error", (error) => end({ kind: "error", what: classOf(error) }));
      });
      const timer = setTimeout(() => {
        end({ kind: "error", what: "no answer in time" });
        request.destroy();
      }, timeoutMs);
      const end = (reply: LoadReply): void => {
        clearTimeout(timer);
        resolve(reply);
      };
      request.on("error", (error) => end({ kind: "error", what: classOf(error) }));
      request.end(text);
    });
  return { send, close: () => agent.destroy() };
}
