/** The value of a JSON text; undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A JSON object: neither null nor an array. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The items of a list as texts; an empty list if the value is not a list. */
export const readTexts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

/** How deep arrays and objects may nest in a body: code that works on such values recurses. */
export const JSON_DEPTH_MAX = 900;

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Whether arrays and objects in a JSON text nest deeper than `max`. Takes bytes or characters, as everything that counts is ASCII. */
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
