import type { Fetch } from "../../client/http/fetch-transport.ts";
import { type JsonObject, isObject, parseJson } from "../../client/http/json.ts";
import { type RawRequest, type Transport, TransportError } from "../../client/http/transport.ts";

/** A request on its way to a broker, as a mutant sees and may change it. */
export interface WireRequest {
  readonly method: string;
  /** Without the query, decoded by segments: `["v2", "service_instances", "1"]`. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** As they were spelled. */
  readonly headerNames: readonly string[];
  readonly text: string;
}

/** What a broker answers. */
export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** The header that a broker returns as it came, in lower case. */
export const REQUEST_IDENTITY = "x-broker-api-request-identity";

/** A broker: answers a request. One that throws breaks the connection. */
export type Handler = (request: WireRequest) => Promise<WireResponse>;

/** The body of a message as JSON; `{}` if it is not a JSON object. */
export function jsonOf(message: { readonly text: string }): JsonObject {
  const parsed = parseJson(Buffer.from(message.text));
  return "json" in parsed && isObject(parsed.json) ? parsed.json : {};
}

/** An answer with a JSON body. */
export function reply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): WireResponse {
  return { status, headers: { "content-type": "application/json", ...headers }, text: JSON.stringify(body) };
}

/** `headers` by names in lower case, `headerNames` as they were spelled. */
function requestOf(
  { method, url, body = "" }: Pick<RawRequest, "method" | "url" | "body">,
  headers: Readonly<Record<string, string>>,
  headerNames: readonly string[],
): WireRequest {
  const [place = "", search = ""] = url.slice(url.indexOf("/", url.indexOf("//") + 2)).split("?");
  const path = place.split("/").slice(1).map(decodeURIComponent);
  const query = search === "" ? {} : Object.fromEntries(new URLSearchParams(search));
  return { method, path, query, headers, headerNames, text: body };
}

/** A status that goes without a body. */
const isBare = (status: number): boolean => status === 304 || status === 204;

/** A handler as a `fetch`: for what speaks to a broker in process. */
export function asFetch(handler: Handler): Fetch {
  return async (url, init = {}) => {
    const request = { method: init.method ?? "GET", url, body: typeof init.body === "string" ? init.body : "" };
    const sent = Object.fromEntries(new Headers(init.headers));
    const { status, headers, text } = await handler(requestOf(request, sent, Object.keys(init.headers ?? {})));
    return new Response(isBare(status) ? null : text, { status, headers: { ...headers } });
  };
}

/** A handler as the suite's transport, without the cost of a `Response`. A handler that throws is a connection that breaks. */
export function asTransport(handler: Handler): Transport {
  return async (request, { signal, abandon } = {}) => {
    if (signal?.aborted) throw new TransportError("aborted", "interrupted");
    const names = Object.keys(request.headers);
    const sent = Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    const response = await handler(requestOf(request, Object.fromEntries(sent), names)).catch((error: unknown) => {
      throw new TransportError("reset", String(error), { cause: error });
    });
    if (abandon) throw new TransportError("abandoned", "the client walked away");
    return {
      status: response.status,
      headers: response.headers,
      body: isBare(response.status) ? new Uint8Array() : Buffer.from(response.text),
    };
  };
}
