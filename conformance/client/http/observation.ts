import type { Exchange } from "./exchange.ts";
import { curlLine } from "./curl.ts";
import { type Json, isObject, type JsonObject, parseJson } from "./json.ts";
import { redactHeaders, redactJson } from "./redact.ts";
import type { RawRequest, RawResponse } from "./transport.ts";

/** An answer as a check sees it: the raw exchange, its JSON if it has any, and its times. */
export interface Observation {
  readonly request: RawRequest;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  readonly json: Json | undefined;
  /** Why `json` is undefined. */
  readonly problem: string | undefined;
  readonly elapsedMs: number;
}

/** The longest body text in evidence, in characters. */
const EVIDENCE_CHARS_MAX = 2_000;

/** Reads an answer, with its JSON if it has any. `elapsedMs`: from the request to the end of the answer. */
export function observe(request: RawRequest, response: RawResponse, elapsedMs: number): Observation {
  const parsed = parseJson(response.body);
  return {
    request,
    status: response.status,
    headers: response.headers,
    bytes: response.body,
    json: "json" in parsed ? parsed.json : undefined,
    problem: "problem" in parsed ? parsed.problem : undefined,
    elapsedMs,
  };
}

/** The body as an object, empty if it is not one, so that rules can read fields without asking first. */
export function bodyOf(observation: Observation): JsonObject {
  return isObject(observation.json) ? observation.json : {};
}

function shorten(text: string): string {
  return text.length > EVIDENCE_CHARS_MAX ? `${text.slice(0, EVIDENCE_CHARS_MAX)}… (${text.length} characters)` : text;
}

function publicText(text: string): string {
  const parsed = parseJson(Buffer.from(text));
  return shorten("json" in parsed ? JSON.stringify(redactJson(parsed.json)) : text);
}

/** A request as a report may show it: with secrets redacted and long bodies cut. */
export function publicRequest(request: RawRequest): Exchange["request"] {
  return {
    method: request.method,
    url: request.url,
    headers: redactHeaders(request.headers, request.madeUp),
    ...(request.body === undefined ? {} : { body: publicText(request.body) }),
  };
}

/** The exchange as evidence: redacted, shortened, with the curl line that repeats it. */
export function exchangeOf(observation: Observation): Exchange {
  const request = publicRequest(observation.request);
  return {
    curl: curlLine(request),
    request,
    response: {
      status: observation.status,
      headers: redactHeaders(observation.headers),
      body: publicText(Buffer.from(observation.bytes).toString("utf8")),
      elapsedMs: Math.round(observation.elapsedMs),
    },
  };
}

/** Evidence of an exchange that had no answer. */
export function exchangeWithout(request: RawRequest, error: string): Exchange {
  const shown = publicRequest(request);
  return { curl: curlLine(shown), request: shown, error };
}
