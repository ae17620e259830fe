import { isDeeper, JSON_DEPTH_MAX } from "../json.ts";
import type { Crash } from "./crash.ts";

/** Header names in lower case; repeated request headers joined by ", " (RFC 9110 §5.3). */
type RequestHeaders = Readonly<Record<string, string>>;

/** A request as every face hands it to a route. Plain data, so that it can be recorded. */
export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  /** Path without the query, as sent (percent-encoded). */
  readonly path: string;
  /** Path parameters of the route, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** The raw query, without "?". See `queryOf`. */
  readonly query: string;
  readonly headers: RequestHeaders;
  /** The body as sent; empty when there is none, or when an upload route has consumed it. */
  readonly body: string | Uint8Array;
  /** The result of an upload route's `receive` for the stream. */
  readonly received?: unknown;
  /** The `http://host:port` that the client used, for links. */
  readonly origin: string;
  /** The client's address. */
  readonly source: string;
}

/** How the answer fails on the wire, when a fault says so. */
export type WireFault = { readonly kind: "reset" } | { readonly kind: "truncate"; readonly bytes: number };

/**
 * An answer. `json` is serialised by the face (Content-Type application/json unless a header says otherwise); `body` is sent as it is, and
 * has no Content-Type but the one in `headers`. Header names are written as given. Do not change a reply's `json`: callers in process read
 * that very object.
 */
export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly json?: unknown;
  readonly body?: string | Uint8Array;
  /**
   * In place of a body: chunks that are sent as they come, each asked for once the one before it is on its way. Read once. If it throws, the
   * connection breaks. For worlds on the wall clock alone: reading it takes real time.
   */
  readonly stream?: AsyncIterable<Uint8Array>;
  readonly wire?: WireFault;
  /** The error that its handler threw: for the log, never for the wire. */
  readonly crash?: Crash;
}

/** Headers of a reply; a list is sent as one header line for each item. */
export type ReplyHeaders = NonNullable<HttpReply["headers"]>;

/** A reply of this value as JSON. */
export const json = (status: number, value: unknown, headers?: ReplyHeaders): HttpReply =>
  headers === undefined ? { status, json: value } : { status, json: value, headers };

/** A reply of this text. */
export const text = (
  status: number,
  body: string,
  headers: ReplyHeaders = { "Content-Type": "text/plain; charset=utf-8" },
): HttpReply => ({
  status,
  body,
  headers,
});

/** A reply without a body. */
export const empty = (status: number, headers?: ReplyHeaders): HttpReply =>
  headers === undefined ? { status } : { status, headers };

/** The request's body as text (UTF-8; invalid bytes become U+FFFD). */
export function bodyText(request: HttpRequest): string {
  return typeof request.body === "string" ? request.body : Buffer.from(request.body).toString("utf8");
}

/** The request's body as JSON, or why it is not JSON. A value nested deeper than `depthMax` is refused. */
export function bodyJson(
  request: HttpRequest,
  depthMax = JSON_DEPTH_MAX,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string } {
  if (isDeeper(request.body, depthMax)) return { ok: false, error: `nested deeper than ${depthMax}` };
  try {
    return { ok: true, value: JSON.parse(bodyText(request)) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

/** The parameters of a request's query, percent-decoded. */
export function queryOf(request: HttpRequest): URLSearchParams {
  return new URLSearchParams(request.query);
}

/** A header of a reply, whatever the case of its name. */
export function replyHeader(reply: HttpReply, name: string): string | undefined {
  for (const [key, value] of Object.entries(reply.headers ?? {})) {
    if (key.toLowerCase() === name.toLowerCase()) return typeof value === "string" ? value : value.join(", ");
  }
  return undefined;
}

/** The reply's body as it goes over the wire, and the headers with the Content-Type that `json` implies. */
export function serialise(reply: HttpReply): { readonly body: string | Uint8Array; readonly headers: ReplyHeaders } {
  if (reply.json === undefined) return { body: reply.body ?? "", headers: sendable(reply.headers ?? {}) };
  const headers =
    replyHeader(reply, "content-type") === undefined
      ? { "Content-Type": "application/json", ...reply.headers }
      : (reply.headers ?? {});
  return { body: JSON.stringify(reply.json), headers: sendable(headers) };
}

const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/;
const isSendable = (value: string | readonly string[]): boolean => [value].flat().every((each) => SENDABLE.test(each));

/** Encodes characters as UTF-8 bytes, and line breaks as spaces, as Go does. */
const lineOf = (value: string): string =>
  SENDABLE.test(value)
    ? value
    : Buffer.from(value)
        .toString("latin1")
        .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, " ");

/** Makes header values safe to write: they may repeat what a client sent. */
function sendable(headers: ReplyHeaders): ReplyHeaders {
  if (Object.values(headers).every(isSendable)) return headers;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === "string" ? lineOf(value) : value.map(lineOf),
    ]),
  );
}

/** Builds a request; what is left out is empty. For callers in process and for tests. */
export function makeRequest(
  method: string,
  url: string,
  options: Partial<Omit<HttpRequest, "method" | "url" | "path" | "query" | "params">> = {},
): HttpRequest {
  const mark = url.indexOf("?");
  return {
    method: method.toUpperCase(),
    url,
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    params: {},
    headers: options.headers ?? {},
    body: options.body ?? "",
    ...(options.received === undefined ? {} : { received: options.received }),
    origin: options.origin ?? "http://localhost",
    source: options.source ?? "127.0.0.1",
  };
}
