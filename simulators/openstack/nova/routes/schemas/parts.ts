import type { Schema } from "../../../schema/schema.ts";

/** A name: printable, without blanks at its ends. */
export const NAME = { type: "string", minLength: 1, maxLength: 255, format: "name" } as const satisfies Schema;
/** A text of 1 to 255 characters. */
export const TEXT = { type: "string", minLength: 1, maxLength: 255 } as const satisfies Schema;
/** A count from 1 on, as a number or in digits. */
export const POSITIVE = {
  type: ["integer", "string"],
  pattern: "^[0-9]*$",
  minimum: 1,
  minLength: 1,
} as const satisfies Schema;
/** The values of a filter by a boolean. */
export const BOOLEAN_WORDS = ["0", "1", "f", "false", "n", "no", "off", "on", "t", "true", "y", "yes"] as const;
/** A boolean, or one of the words that Nova takes for one. */
export const BOOLEAN = {
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
} as const satisfies Schema;
/** Keys and texts. */
export const METADATA = {
  type: "object",
  patternProperties: { "^[a-zA-Z0-9-_:. ]{1,255}$": { type: "string", maxLength: 255 } },
  additionalProperties: false,
} as const satisfies Schema;
/** A tag: without commas and slashes. */
export const TAG = { type: "string", minLength: 1, maxLength: 60, pattern: "^[^,/]*$" } as const satisfies Schema;
/** Tags of a server. */
export const TAGS = { type: "array", items: TAG, maxItems: 50 } as const satisfies Schema;
/** The id of a flavor, or its address. */
export const FLAVOR_REF = { type: ["string", "integer"], minLength: 1 } as const satisfies Schema;
/** `OS-DCF:diskConfig`. */
export const DISK_CONFIG = { type: "string", enum: ["AUTO", "MANUAL"] } as const satisfies Schema;
/** A password of an administrator in the guest. */
export const PASSWORD = { type: "string" } as const satisfies Schema;
/** The addresses at which a server claims to be reachable. */
export const ADDRESSES = {
  accessIPv4: { type: "string", format: "ipv4" },
  accessIPv6: { type: "string", format: "ipv6" },
} as const;
/** A description, which may be null. */
export const DESCRIPTION = { type: ["string", "null"], minLength: 0, maxLength: 255 } as const satisfies Schema;

type Properties = Readonly<Record<string, Schema>>;

/** Members that a body has from microversion 2.`from` on. */
export const since = <const P extends Properties>(version: number, from: number, properties: P): Partial<P> =>
  version >= from ? properties : {};

/** Members that a body had below microversion 2.`to`. */
export const below = <const P extends Properties>(version: number, to: number, properties: P): Partial<P> =>
  version < to ? properties : {};

/** A body of one member, `name`, which is required. */
export function envelope<const Name extends string, const S extends Schema>(
  name: Name,
  schema: S,
): {
  readonly type: "object";
  readonly properties: Readonly<Record<Name, S>>;
  readonly required: readonly [Name];
  readonly additionalProperties: false;
};
export function envelope(name: string, schema: Schema): Schema {
  return { type: "object", properties: { [name]: schema }, required: [name], additionalProperties: false };
}

/** An object of these members and no others. Nothing is required by default. */
export function objectSchema<const P extends Properties, const Required extends readonly string[] = readonly []>(
  properties: P,
  required?: Required,
): {
  readonly type: "object";
  readonly properties: P;
  readonly required: Required;
  readonly additionalProperties: false;
};
export function objectSchema(properties: Properties, required: readonly string[] = []): Schema {
  return {
    type: "object",
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** Metadata of exactly one key. */
export const ONE_ITEM = { ...METADATA, minProperties: 1, maxProperties: 1 } as const satisfies Schema;
