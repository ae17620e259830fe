/** The validator of request bodies that the services share: JSON Schema in the words and the order of Python's jsonschema. */
export { explainFailure } from "./explain.ts";
export { flagOr, textIfAny, textOr, textOrNull } from "./members.ts";
export { linkReferences } from "./references.ts";
export type { Formats, Schema, SchemaFailure } from "./schema.ts";
export { validate } from "./validate.ts";
export { checkValue, type ValueOf } from "./value.ts";
