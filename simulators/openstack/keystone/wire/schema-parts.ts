import type { Schema } from "../../schema/index.ts";

/*
 * What Keystone 22 builds its request schemas from. Its error messages print the schema, so every member counts; the order of
 * members is the order of validation.
 */

/** True or false. Keystone's own schema lists null too, which its type forbids. */
export const BOOLEAN = { type: "boolean", enum: [true, false, null] } as const;
/** True, false or null. */
export const NULLABLE_BOOLEAN = { type: ["boolean", "null"], enum: [true, false, null] } as const;
/** An id: up to 64 letters, digits and dashes. */
export const ID = { type: "string", minLength: 1, maxLength: 64, pattern: "^[a-zA-Z0-9-]+$" } as const;
/** An id or null. */
export const NULLABLE_ID = { ...ID, type: ["string", "null"] } as const;
/** Any text or null. */
export const NULLABLE_TEXT = { type: ["string", "null"] } as const;
/** Any text. */
export const TEXT = { type: "string" } as const;
/** An id that may come from elsewhere: up to 64 characters of any kind. */
export const EXTERNAL_ID = { type: "string", minLength: 1, maxLength: 64 } as const;
/** Null or any text, in this order. */
export const NULL_OR_TEXT = { type: ["null", "string"] } as const;
/** One tag of a project or domain. */
export const TAG = { type: "string", minLength: 1, maxLength: 255, pattern: "^[^,/]*$" } as const;
/** Tags of a project or domain. */
export const TAGS = {
  type: "array",
  items: TAG,
  required: [],
  maxItems: 80,
  uniqueItems: true,
} as const;
/** The options of a project or role. */
export const IMMUTABLE_OPTION = {
  type: "object",
  properties: { immutable: NULLABLE_BOOLEAN },
  additionalProperties: false,
} as const;

/** A name of at least one character other than white space. */
export const nameSchema = <const N extends number>(maxLength: N) =>
  ({ type: "string", minLength: 1, maxLength, pattern: "[\\S]+" }) as const;

type Properties = Readonly<Record<string, Schema>>;

/** An object; unnamed members are allowed. */
export const objectSchema = <const P extends Properties>(properties: P) => ({ type: "object", properties }) as const;

/** An object with required members. */
export const schemaRequiring = <const P extends Properties, const R extends readonly string[]>(
  properties: P,
  required: R,
) => ({ type: "object", properties, required }) as const;

/** The schema of a POST. */
export const createSchema = <const P extends Properties, const R extends readonly string[]>(
  properties: P,
  required: R,
) => ({ type: "object", properties, required, additionalProperties: true }) as const;

/** The schema of a PATCH: at least one member. */
export const updateSchema = <const P extends Properties>(properties: P) =>
  ({ type: "object", properties, minProperties: 1, additionalProperties: true }) as const;

/** Roles that are delegated, each by its id or its name. */
export const DELEGATED_ROLES = {
  type: "array",
  items: {
    type: "object",
    properties: { id: ID, name: nameSchema(255) },
    minProperties: 1,
    maxProperties: 1,
    additionalProperties: false,
  },
} as const;
