import { type JsonObject, isObject, parseJson } from "../../http/json.ts";
import type { Fetch } from "../../http/fetch-transport.ts";

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

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export type Handler = (request: WireRequest) => Promise<WireResponse>;

export function jsonOf(message: { readonly text: string }): JsonObject {
  const parsed = parseJson(Buffer.from(message.text));
  return "json" in parsed && isObject(parsed.json) ? parsed.json : {};
}

export function reply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): WireResponse {
  return { status, headers: { "content-type": "application/json", ...headers }, text: JSON.stringify(body) };
}

/** A handler as a `fetch`: what the suite speaks to in process. */
export function asFetch(handler: Handler): Fetch {
  return async (url, init = {}) => {
    const { pathname, searchParams } = new URL(url);
    const { status, headers, text } = await handler({
      method: init.method ?? "GET",
      path: pathname.split("/").slice(1).map(decodeURIComponent),
      query: Object.fromEntries(searchParams),
      headers: Object.fromEntries(new Headers(init.headers)),
      headerNames: Object.keys(init.headers ?? {}),
      text: typeof init.body === "string" ? init.body : "",
    });
    return new Response(status === 304 || status === 204 ? null : text, { status, headers: { ...headers } });
  };
}
