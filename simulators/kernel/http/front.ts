import type { HttpReply, HttpRequest } from "./message.ts";

/** A message that an HTTP parser refuses, cut into its lines. */
export interface RawMessage {
  /** The first line, without its end. */
  readonly line: string;
  /** The lines of the header, without their ends. */
  readonly fields: readonly string[];
  /** The bytes after the empty line that have arrived so far. */
  readonly rest: Uint8Array;
}

/** A server's reaction to such a message: it accepts a request nevertheless, or answers by itself. */
export type Judged =
  | {
      readonly request: {
        readonly method: string;
        readonly url: string;
        readonly headers: Readonly<Record<string, string>>;
        readonly body: Uint8Array;
      };
    }
  | { readonly answer: Uint8Array };

/**
 * The HTTP server in front of an API: what it says to messages that never reach the API. Each real API has one of its own (nginx, Go's,
 * Python's), and clients that send odd messages meet that, not ours.
 */
export interface Front {
  readonly judge: (message: RawMessage) => Judged;
  /** The answer to HTTP/1.1 without a Host, where the server wants one. Default: it wants none. */
  readonly hostless?: HttpReply;
  /** Refuses a well-formed request that is over the server's own limits. */
  readonly limit?: (request: HttpRequest) => HttpReply | undefined;
}

/** An answer as bytes; the connection ends with it. */
export function rawAnswer(status: string, headers: Readonly<Record<string, string>>, body: string): Uint8Array {
  const length = Buffer.byteLength(body);
  const lines = Object.entries({ ...headers, "Content-Length": String(length), Connection: "close" });
  return Buffer.from(
    `HTTP/1.1 ${status}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`,
  );
}

/** Cuts a message into its lines. Each character is one byte, as on the wire. */
export function cutMessage(bytes: Uint8Array): RawMessage {
  const text = Buffer.from(bytes).toString("latin1");
  const found = text.indexOf("\r\n\r\n");
  const end = found < 0 ? text.length : found;
  const [line = "", ...fields] = text.slice(0, end).split("\r\n");
  return { line, fields, rest: bytes.subarray(end + 4) };
}

/** Header lines as fields, repeated ones joined, up to the first line that is not a field because it has no colon. */
export function fieldsOf(lines: readonly string[]): {
  readonly headers: Readonly<Record<string, string>>;
  /** How many lines precede the first that is not a field. */
  readonly read: number;
} {
  const headers = new Map<string, string>();
  let read = 0;
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 1) break;
    read++;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const known = headers.get(name);
    headers.set(name, known === undefined ? value : `${known}, ${value}`);
  }
  return { headers: Object.fromEntries(headers), read };
}

/** Any method that HTTP's grammar allows (RFC 9110 §5.6.2), known or not. */
export const isToken = (word: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(word);

const BAD_REQUEST = rawAnswer("400 Bad Request", { "Content-Type": "text/plain; charset=utf-8" }, "400 Bad Request");

/** The request in a message that would be one but for its method. */
export function requestIn({ line, fields, rest }: RawMessage): Judged | undefined {
  const [method = "", url = "", version = "", ...more] = line.split(" ");
  if (more.length > 0 || !isToken(method) || !/^HTTP\/1\.[01]$/.test(version) || url === "") return undefined;
  const { headers, read } = fieldsOf(fields);
  if (read < fields.length) return undefined;
  const length = headers["content-length"] ?? "0";
  if (!/^\d{1,15}$/.test(length) || headers["transfer-encoding"] !== undefined) return undefined;
  return { request: { method, url, headers, body: rest.subarray(0, Number(length)) } };
}

/** For an API that imitates nobody: any method reaches it, the rest is 400. */
export const PLAIN_FRONT: Front = { judge: (message) => requestIn(message) ?? { answer: BAD_REQUEST } };
