import type { Schema } from "../../../common/schema.ts";

export const NAME: Schema = { type: "string", minLength: 1, maxLength: 255, format: "name" };
export const TEXT: Schema = { type: "string", minLength: 1, maxLength: 255 };
export const POSITIVE: Schema = { type: ["integer", "string"], pattern: "^[0-9]*$", minimum: 1, minLength: 1 };
export const BOOLEAN_WORDS = ["0", "1", "f", "false", "n", "no", "off", "on", "t", "true", "y", "yes"];
export const BOOLEAN: Schema = {
  type: ["boolean", "string"],
  enum: [
    true,
    "True",
    "TRUE",
    "true",
    "1",
    "ON",
    "On",
    "on",
    "YES",
    "Yes",
    "yes",
    "y",
    "t",
    false,
    "False",
    "FALSE",
    "false",
    "0",
    "OFF",
    "Off",
    "off",
    "NO",
    "No",
    "no",
    "n",
    "f",
  ],
};
export const METADATA: Schema = {
  type: "object",
  patternProperties: { "^[a-zA-Z0-9-_:. ]{1,255}$": { type: "string", maxLength: 255 } },
  additionalProperties: false,
};
export const TAG: Schema = { type: "string", minLength: 1, maxLength: 60, pattern: "^[^,/]*$" };
export const TAGS: Schema = { type: "array", items: TAG, maxItems: 50 };
export const FLAVOR_REF: Schema = { type: ["string", "integer"], minLength: 1 };
export const DISK_CONFIG: Schema = { type: "string", enum: ["AUTO", "MANUAL"] };
export const PASSWORD: Schema = { type: "string" };
export const ADDRESSES = {
  accessIPv4: { type: "string", format: "ipv4" },
  accessIPv6: { type: "string", format: "ipv6" },
} as const;
export const DESCRIPTION: Schema = { type: ["string", "null"], minLength: 0, maxLength: 255 };

export const since = (version: number, from: number, properties: Readonly<Record<string, Schema>>): object =>
  version >= from ? properties : {};

export const envelope = (name: string, schema: Schema): Schema => ({
  type: "object",
  properties: { [name]: schema },
  required: [name],
  additionalProperties: false,
});

export const objectSchema = (
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema => ({
  type: "object",
  properties,
  ...(required.length > 0 && { required }),
  additionalProperties: false,
});
