import { badRequest, wrongType } from "../errors.ts";

/** Deeper than anything that a platform sends, and far from what exhausts a stack that walks it. */
const JSON_DEPTH_MAX = 100;

/** Whether a text, which may be JSON, is nested deeper than this. Brackets in strings do not count. */
export function isDeeper(text: string, depthMax: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (isInString && char === "\\") at++;
    else if (char === '"') isInString = !isInString;
    else if (isInString) continue;
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
    if (depth > depthMax) return true;
  }
  return false;
}

/**
 * Parses a body. One without a type counts as JSON, and an empty one as absent: DELETE and POST may have none.
 *
 * @throws OsbError 400
 */
export function parseBody(type: string | undefined, text: string): unknown {
  if (text === "") return undefined;
  if (type !== undefined && type !== "" && !/^application\/json\s*(;|$)/i.test(type)) throw wrongType();
  if (isDeeper(text, JSON_DEPTH_MAX)) throw badRequest(`The body is nested deeper than ${JSON_DEPTH_MAX} levels.`);
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("The body is not JSON.");
  }
}
