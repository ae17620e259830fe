import type { TSchema } from "typebox";

/** A node of the schema, with the keywords of this room. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly expected?: string;
  readonly fallback?: string;
  readonly keyName?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, TSchema & SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, TSchema & SchemaNode>>;
  readonly anyOf?: readonly (TSchema & SchemaNode)[];
}

/** The schema of the values in a free mapping; undefined for other nodes. */
export function valueSchemaOf({ patternProperties = {} }: SchemaNode): SchemaNode | undefined {
  return Object.values(patternProperties)[0];
}

/** The schemas that a mapping's member may have, by the mapping's own schema and the branches of a union. */
export function memberSchemas(node: SchemaNode, key: string): readonly SchemaNode[] {
  const { properties = {}, anyOf = [] } = node;
  const own = Object.hasOwn(properties, key) ? properties[key] : valueSchemaOf(node);
  return [...(own === undefined ? [] : [own]), ...anyOf.flatMap((branch) => memberSchemas(branch, key))];
}

/** The keys that a mapping may have, branches of a union included. */
export function knownKeys({ properties = {}, anyOf = [] }: SchemaNode): readonly string[] {
  return [...Object.keys(properties), ...anyOf.flatMap(knownKeys)];
}
