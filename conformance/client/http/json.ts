/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** A JSON object. */
export interface JsonObject {
  readonly [name: string]: Json;
}

/** Whether a JSON value is an object; arrays are not. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a JSON value is an array. */
export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** A string, or undefined for a value of another kind. */
export function stringOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Equal as JSON values: the order of members does not matter. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (isArray(a) && isArray(b)) return a.length === b.length && a.every((item, at) => sameJson(item, b[at]));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => name in b && sameJson(a[name], b[name]));
}

/**
 * How deeply brackets nest, outside of strings. Counted before parsing, so that hostile depth never reaches
 * the parser.
 */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 92) at++;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 123 || code === 91) deepest = Math.max(deepest, ++depth);
    else if (code === 125 || code === 93) depth--;
  }
  return deepest;
}

const JSON_DEPTH_MAX = 100;

type ParsedBody = { readonly json: Json } | { readonly problem: string };

/** Parses bytes as UTF-8 JSON of limited depth. Never throws. */
export function parseJson(bytes: Uint8Array): ParsedBody {
  if (bytes.byteLength === 0) return { problem: "the body is empty" };
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (depthOf(text) > JSON_DEPTH_MAX) return { problem: `the JSON nests deeper than ${JSON_DEPTH_MAX} levels` };
    const json: Json = JSON.parse(text);
    return { json };
  } catch (error) {
    return { problem: error instanceof SyntaxError ? "the body is not JSON" : "the body is not valid UTF-8" };
  }
}
