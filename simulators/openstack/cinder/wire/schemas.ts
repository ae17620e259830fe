import type { Formats, Schema } from "../../common/schema.ts";

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
export const FORMATS: Formats = { uuid: (value) => typeof value !== "string" || UUID.test(value) };

/** Parts of schemas that requests share. */
export const NAME: Schema = { type: ["string", "null"] };
export const UUID_OR_NULL: Schema = { oneOf: [{ type: "string", pattern: UUID.source }, { type: "null" }] };
export const BOOLEAN: Schema = {
  oneOf: [
    { type: "boolean" },
    { type: "string", enum: ["1", "0", "true", "True", "TRUE", "false", "False", "FALSE", "yes", "no", "on", "off"] },
  ],
};
export const METADATA: Schema = {
  type: ["object", "null"],
  patternProperties: { "^[a-zA-Z0-9-_:. /]{1,255}$": { type: "string", maxLength: 255 } },
  additionalProperties: false,
};
export const STRICT_METADATA: Schema = { ...METADATA, type: "object" };

export const parseBoolean = (value: unknown): boolean | undefined => {
  const text = String(value).toLowerCase();
  if (["1", "true", "yes", "on", "t", "y"].includes(text)) return true;
  return ["0", "false", "no", "off", "f", "n"].includes(text) ? false : undefined;
};
