import type { IncomingMessage } from "node:http";
import { type HttpRequest, makeRequest } from "../http/message.ts";

/** The address of a client, IPv4 in dotted decimal; empty once the connection has gone. */
export const sourceOf = (socket: { readonly remoteAddress?: string | undefined }): string =>
  socket.remoteAddress?.replace(/^::ffff:/, "") ?? "";

/** The path and query of a request line; the form sent to a proxy names the host as well. Bytes beyond ASCII, sent as they are, are escaped. */
export const targetOf = (url: string): string =>
  url
    .replace(/^https?:\/\/[^/?#]*/i, "")
    .replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`) || "/";

/** A request without its body, as the APIs see it. `scheme` is `http` or `https`. */
export function readHead(request: IncomingMessage, scheme: string): HttpRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) if (value !== undefined) headers[name] = String(value);
  return makeRequest(request.method ?? "GET", targetOf(request.url ?? "/"), {
    headers,
    origin: `${scheme}://${headers.host ?? "localhost"}`,
    source: sourceOf(request.socket),
  });
}
