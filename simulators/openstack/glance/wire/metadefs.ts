import { isoSeconds } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { explainFailure, linkReferences, type Schema, validate } from "../../schema/index.ts";
import type { NamespaceRow, NamespaceThing } from "../state.ts";
import RAW from "./metadef-schemas.json" with { type: "json" };

/*
 * Metadata definitions and tasks on the wire: their schemas (glance/api/v2/metadef_*.py and tasks.py of Zed) and their views.
 */

/** The members that are checked against a schema. */
export type MetadefKind = keyof typeof RAW;

/** The schemas by name, with their references linked. */
export const METADEF_SCHEMAS: Readonly<Record<MetadefKind, Schema>> = linkAll(RAW);

function linkAll(raw: unknown): Readonly<Record<MetadefKind, Schema>> {
  // The one place where JSON becomes schemas.
  const schemas: Readonly<Record<MetadefKind, Schema>> = JSON.parse(JSON.stringify(raw));
  for (const schema of Object.values(schemas)) linkReferences(schema);
  return schemas;
}

/** The body, if it fits the schema of its kind. @throws Refusal 400 that prints the schema */
export function checkMetadef(kind: MetadefKind, body: object): Readonly<Record<string, unknown>> {
  const failure = validate(METADEF_SCHEMAS[kind], body);
  if (failure === undefined) return { ...body };
  throw new Refusal(400, "", `Provided object does not match schema '${kind}': ${explainFailure(failure)}`);
}

/** When a thing was made and changed. */
export const isoTimes = ({
  createdMs,
  updatedMs,
}: {
  readonly createdMs: number;
  readonly updatedMs: number;
}): object => ({ created_at: isoSeconds(createdMs), updated_at: isoSeconds(updatedMs) });

const pathOf = (namespace: string): string => `/v2/metadefs/namespaces/${namespace}`;

/** An object of a namespace; only the answer of its creation leaves out what it does not require. */
export const objectView = (namespace: string, thing: NamespaceThing, isListed: boolean): object => ({
  name: thing.name,
  ...(thing.fields.description !== undefined && { description: thing.fields.description }),
  ...((isListed || thing.fields.required !== undefined) && { required: thing.fields.required ?? [] }),
  ...((isListed || thing.fields.properties !== undefined) && { properties: thing.fields.properties ?? {} }),
  ...isoTimes(thing),
  self: `${pathOf(namespace)}/objects/${thing.name}`,
  schema: "/v2/schemas/metadefs/object",
});

/** A tag of a namespace. */
export const tagView = (thing: NamespaceThing): object => ({ name: thing.name, ...isoTimes(thing) });

/** A type of resources to which a namespace applies. */
export const associationView = (thing: NamespaceThing): object => ({
  name: thing.name,
  ...(thing.fields.prefix !== undefined && { prefix: thing.fields.prefix }),
  ...(thing.fields.properties_target !== undefined && { properties_target: thing.fields.properties_target }),
  ...isoTimes(thing),
});

function contentsOf({ name, things }: NamespaceRow): object {
  const { properties, objects, tags } = things;
  return {
    ...(properties.size > 0 && {
      properties: Object.fromEntries([...properties.values()].map((each) => [each.name, each.fields])),
    }),
    ...(objects.size > 0 && { objects: [...objects.values()].map((each) => objectView(name, each, true)) }),
    ...(tags.size > 0 && { tags: [...tags.values()].map((each) => ({ name: each.name })) }),
  };
}

/** A namespace; `isFull`: with what it holds. */
export const namespaceView = (row: NamespaceRow, isFull = false): object => ({
  namespace: row.name,
  ...(row.displayName !== undefined && { display_name: row.displayName }),
  ...(row.description !== undefined && { description: row.description }),
  visibility: row.visibility,
  protected: row.isProtected,
  owner: row.owner,
  ...isoTimes(row),
  ...(isFull &&
    row.things.resourceTypes.size > 0 && {
      resource_type_associations: [...row.things.resourceTypes.values()].map(associationView),
    }),
  ...(isFull && contentsOf(row)),
  self: pathOf(row.name),
  schema: "/v2/schemas/metadefs/namespace",
});
