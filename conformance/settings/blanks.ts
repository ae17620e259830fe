import { type Json, isObject } from "../client/http/json.ts";
import { memberSchemas, type SchemaNode, valueSchemaOf } from "./schema-path.ts";

/** Whether a blank key means the same as no key: it does if one kind of value is expected, but not if there is a choice. */
const mayBeBlank = (schemas: readonly SchemaNode[]): boolean => schemas.every(({ anyOf }) => anyOf === undefined);

/**
 * Removes the keys that were written without a value (`backup:` and nothing after it), as far as the schema
 * knows them; in a free mapping, where mappings are expected, such a key stands for an empty one. Values to
 * be sent to a broker are left alone.
 */
export function withoutBlanks(value: Json, node: SchemaNode): Json {
  if (!isObject(value) || (node.properties ?? node.patternProperties ?? node.anyOf) === undefined) return value;
  const hasMappings = valueSchemaOf(node)?.type === "object";
  const members = Object.entries(value).flatMap(([key, item]): [string, Json][] => {
    const schemas = memberSchemas(node, key);
    if (item !== null) return [[key, schemas.reduce<Json>(withoutBlanks, item)]];
    if (hasMappings) return [[key, {}]];
    return node.properties !== undefined && schemas.length > 0 && mayBeBlank(schemas) ? [] : [[key, item]];
  });
  return Object.fromEntries(members);
}
