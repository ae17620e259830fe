import { UUID_LIKE_PATTERN } from "../../../kernel/index.ts";
import type { Schema } from "../../schema/schema.ts";

/** Parts of schemas that requests share. */
export const NAME = { type: ["string", "null"] } as const satisfies Schema;
/** A UUID with or without hyphens, or null. */
export const UUID_OR_NULL = {
  oneOf: [{ type: "string", pattern: UUID_LIKE_PATTERN }, { type: "null" }],
} as const satisfies Schema;
/** A boolean, or one of the words that Cinder takes for one. */
export const BOOLEAN = {
  oneOf: [
    { type: "boolean" },
    { type: "string", enum: ["1", "0", "true", "True", "TRUE", "false", "False", "FALSE", "yes", "no", "on", "off"] },
  ],
} as const satisfies Schema;
/** Keys and texts, or null. */
export const METADATA = {
  type: ["object", "null"],
  patternProperties: { "^[a-zA-Z0-9-_:. /]{1,255}$": { type: "string", maxLength: 255 } },
  additionalProperties: false,
} as const satisfies Schema;
/** Keys and texts. */
export const STRICT_METADATA = { ...METADATA, type: "object" } as const satisfies Schema;

/** True or false; `undefined` for anything else. */
export const parseBoolean = (value: unknown): boolean | undefined => {
  const text = String(value).toLowerCase();
  if (["1", "true", "yes", "on", "t", "y"].includes(text)) return true;
  return ["0", "false", "no", "off", "f", "n"].includes(text) ? false : undefined;
};
