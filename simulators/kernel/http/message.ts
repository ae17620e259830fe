import type { Crash } from "./crash.ts";

/** Header names in lower case; repeated request headers joined by ", " (RFC 9110 §5.3). */
export type RequestHeaders = Readonly<Record<string, string>>;

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
  /** What an upload route's `receive` made of the stream. */
  readonly received?: unknown;
  /** `http://host:port` that the client used, for links. */
  readonly origin: string;
  /** The client's address. */
  readonly source: string;
}

/** How the answer fails on the wire, when a fault says so. */
export type WireFault = { readonly kind: "reset" } | { readonly kind: "truncate"; readonly bytes: number };

/**
 * An answer. `json` is serialised by the face (Content-Type application/json unless a header says otherwise); `body` is sent as
 * it is, and has no Content-Type but the one in `headers`. Header names are written as given. Do not change a reply's `json`:
 * callers in process read the very object.
 */
export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly json?: unknown;
  readonly body?: string | Uint8Array;
  readonly wire?: WireFault;
  /** What its handler threw: for the log, never for the wire. */
  readonly crash?: Crash;
}

export type ReplyHeaders = NonNullable<HttpReply["headers"]>;

export const json = (status: number, value: unknown, headers?: ReplyHeaders): HttpReply =>
  headers === undefined ? { status, json: value } : { status, json: value, headers };

export const text = (
  status: number,
  body: string,
  headers: ReplyHeaders = { "Content-Type": "text/plain; charset=utf-8" },
): HttpReply => ({
  status,
  body,
  headers,
});

export const empty = (status: number, headers?: ReplyHeaders): HttpReply =>
  headers === undefined ? { status } : { status, headers };

/** The request's body as text (UTF-8; invalid bytes become U+FFFD). */
export function bodyText(request: HttpRequest): string {
  return typeof request.body === "string" ? request.body : Buffer.from(request.body).toString("utf8");
}

/** Arrays and objects within each other in a body: what works on values recurses. */
export const JSON_DEPTH_MAX = 900;

/** The request's body as JSON, or why it is none. Deeper than `depthMax` is none. */
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

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Are arrays and objects of a JSON text more than `max` within each other? Bytes or characters: all that count are ASCII. */
export function isDeeper(text: string | Uint8Array, max: number): boolean {
  if (text.length <= max) return false;
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = typeof text === "string" ? text.charCodeAt(at) : text[at];
    if (code === undefined) return false;
    if (isQuoted && code === BACKSLASH) at++;
    else if (code === QUOTE) isQuoted = !isQuoted;
    else if (!isQuoted && OPENING.has(code) && ++depth > max) return true;
    else if (!isQuoted && CLOSING.has(code)) depth--;
  }
  return false;
}

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

/** Characters as bytes of UTF-8; what would end the line is a blank, as Go has it. */
const lineOf = (value: string): string =>
  SENDABLE.test(value)
    ? value
    : Buffer.from(value)
        .toString("latin1")
        .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, " ");

/** Header values that can be written: they may tell what a client sent. */
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

/**
 * The bytes of a percent-encoded text (RFC 3986 §2.1). An escape that is none stands for itself; characters beyond ASCII are themselves
 * in UTF-8.
 */
export function percentDecode(text: string): Uint8Array {
  const source = Buffer.from(text);
  const bytes = new Uint8Array(source.length);
  let length = 0;
  for (let at = 0; at < source.length; at++) {
    const escape = source[at] === 0x25 ? hexByte(source, at + 1) : undefined;
    bytes[length++] = escape ?? source[at] ?? 0;
    if (escape !== undefined) at += 2;
  }
  return bytes.subarray(0, length);
}

/** A percent-encoded text; bytes that are no UTF-8 become U+FFFD. It never throws, as `decodeURIComponent` does. */
export const percentText = (text: string): string =>
  text.includes("%") ? Buffer.from(percentDecode(text)).toString("utf8") : text;

function hexByte(source: Uint8Array, at: number): number | undefined {
  const [high, low] = [hexDigit(source[at]), hexDigit(source[at + 1])];
  return high === undefined || low === undefined ? undefined : high * 16 + low;
}

function hexDigit(code: number | undefined): number | undefined {
  const value = code === undefined ? Number.NaN : Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? undefined : value;
}
