import { parseAllDocuments } from "yaml";
import { isDeeper } from "../../kernel/index.ts";

/** Lists and mappings within each other. What works on them recurses. */
const DEPTH_MAX = 200;

/** A text that is no YAML, or none that the director could hold. */
export class YamlError extends Error {}

/**
 * The first document of a YAML text, as Ruby loads it; `undefined` when there is none. Aliases that unfold without end, and values within
 * themselves, are refused: Ruby would hold them, until something walks through them.
 *
 * @throws YamlError
 */
export function readYaml(text: string): unknown {
  if (isDeeper(text, DEPTH_MAX)) throw new YamlError(`nested deeper than ${DEPTH_MAX}`);
  const value = firstDocument(text);
  checkDepth(value, new Set(), new Set());
  return value;
}

function firstDocument(text: string): unknown {
  try {
    const [document] = parseAllDocuments(text, { logLevel: "silent" });
    const [error] = document?.errors ?? [];
    if (error !== undefined) throw error;
    return document?.toJS();
  } catch (error) {
    // Its own errors, one about aliases that is none of them, and the end of the stack for blocks within blocks.
    throw new YamlError(error instanceof Error ? error.message : String(error));
  }
}

/** `above` are the values that this one is in. A value that is in many places is looked at once. */
function checkDepth(value: unknown, above: ReadonlySet<object>, done: Set<object>): void {
  if (typeof value !== "object" || value === null) return;
  if (above.has(value)) throw new YamlError("a value contains itself");
  if (above.size > DEPTH_MAX) throw new YamlError(`nested deeper than ${DEPTH_MAX}`);
  if (done.has(value)) return;
  done.add(value);
  const here = new Set([...above, value]);
  for (const inner of Object.values(value)) checkDepth(inner, here, done);
}
