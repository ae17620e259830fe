import type { Schema } from "./schema.ts";

/** The target of `$ref`, by the schema that contains it. */
const TARGETS = new WeakMap<object, Schema>();

/** The schema that a reference leads to; itself without one. */
export const targetOf = (schema: Schema): Schema => TARGETS.get(schema) ?? schema;

/** Links the references of a schema (`#/definitions/NAME`) to what they mean; returns the schema, which prints as before. */
export function linkReferences(root: Schema, part: unknown = root): Schema {
  if (Array.isArray(part)) for (const item of part) linkReferences(root, item);
  else if (typeof part === "object" && part !== null) {
    for (const item of Object.values(part)) linkReferences(root, item);
    if ("$ref" in part && typeof part.$ref === "string") {
      const target = root.definitions?.[part.$ref.replace("#/definitions/", "")];
      if (target !== undefined) TARGETS.set(part, target);
    }
  }
  return root;
}
