import { type HttpReply, isObject, json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { type OpenStackRoute, type RequestContext } from "../../service.ts";
import type { Glance, NamespaceRow, NamespaceThing } from "../state.ts";
import { emptyReply, readBody } from "../wire/body.ts";
import { associationView, checkMetadef, type MetadefKind, objectView, tagView } from "../wire/metadefs.ts";
import {
  badRequest,
  bodyOf,
  conflict,
  NAMESPACES,
  notFound,
  refuseBody,
  requireAdmin,
  requireNamespace,
  shortRefusal,
  textIn,
} from "./metadef-parts.ts";

/** A kind of thing that a namespace holds. */
interface ThingKind {
  readonly member: keyof NamespaceRow["things"];
  readonly schema: MetadefKind;
  readonly path: string;
  readonly rules: readonly [add: string, change: string, remove: string];
  readonly exists: (name: string, namespace: string) => string;
  readonly missing: (name: string) => string;
  readonly view: (namespace: string, thing: NamespaceThing, isListed: boolean) => object;
  readonly list: (namespace: string, things: readonly NamespaceThing[]) => object;
}

const KINDS: readonly ThingKind[] = [
  {
    member: "properties",
    schema: "property",
    path: "properties",
    rules: ["add_metadef_property", "modify_metadef_property", "remove_metadef_property"],
    exists: (name, namespace) =>
      `A metadata definition property with name=${name} already exists in namespace=${namespace}.`,
    missing: (name) => `Could not find property ${name}`,
    view: (_namespace, { fields }) => fields,
    list: (_namespace, things) => ({
      properties: Object.fromEntries(things.map(({ name, fields }) => [name, fields])),
    }),
  },
  {
    member: "objects",
    schema: "object",
    path: "objects",
    rules: ["add_metadef_object", "modify_metadef_object", "delete_metadef_object"],
    exists: (name, namespace) =>
      `A metadata definition object with name=${name} already exists in namespace=${namespace}.`,
    missing: (name) => `Could not find metadata object ${name}`,
    view: objectView,
    list: (namespace, things) => ({
      objects: things.map((thing) => objectView(namespace, thing, true)),
      schema: "v2/schemas/metadefs/objects",
    }),
  },
  {
    member: "tags",
    schema: "tag",
    path: "tags",
    rules: ["add_metadef_tag", "modify_metadef_tag", "delete_metadef_tag"],
    exists: (name, namespace) =>
      `A metadata tag with name=${name} already exists in namespace=${namespace}. (Please note that metadata tag names are case insensitive).`,
    missing: (name) => `Could not find metadata tag ${name}`,
    view: (_namespace, thing) => tagView(thing),
    list: (_namespace, things) => ({ tags: things.map(({ name }) => ({ name })) }),
  },
  {
    member: "resourceTypes",
    schema: "resource_type_association",
    path: "resource_types",
    rules: [
      "add_metadef_resource_type_association",
      "add_metadef_resource_type_association",
      "remove_metadef_resource_type_association",
    ],
    exists: (name, namespace) =>
      `The metadata definition resource-type association of resource-type=${name} to namespace=${namespace} already exists.`,
    missing: (name) => `The metadata definition resource-type association of ${name} was not found.`,
    view: (_namespace, thing) => associationView(thing),
    list: (_namespace, things) => ({ resource_type_associations: things.map(associationView) }),
  },
];

/** Names of tags are the same in any case. */
const keyOf = ({ member }: ThingKind, name: string): string => (member === "tags" ? name.toLowerCase() : name);

/** The namespace of the path, in the words that the routes of the kind have for a missing one. @throws Refusal 404 */
const namespaceOf = (glance: Glance, context: RequestContext, { member }: ThingKind): NamespaceRow =>
  member === "objects" ? requireNamespace(glance, context) : requireNamespace(glance, context, shortRefusal);

/** The same, if things may be taken out of it. @throws Refusal 403, 404 */
function deletableIn(glance: Glance, context: RequestContext, kind: ThingKind): NamespaceRow {
  const row = namespaceOf(glance, context, kind);
  requireAdmin(context, kind.rules[2]);
  if (row.isProtected)
    throw new Refusal(403, "", `Metadata definition namespace ${row.name} is protected and cannot be deleted.`);
  return row;
}

function removeThings(glance: Glance, context: RequestContext, kind: ThingKind): HttpReply {
  const row = deletableIn(glance, context, kind);
  row.things[kind.member].clear();
  glance.cloud.kernel.record("glance", "namespace.clear", row.name, { what: kind.schema });
  return emptyReply(204);
}

/** Puts other tags in the place of all that a namespace has. @throws Refusal 400, 403, 404, 409 */
function replaceTags(glance: Glance, context: RequestContext, kind: ThingKind): HttpReply {
  const row = namespaceOf(glance, context, kind);
  requireAdmin(context, "add_metadef_tags");
  const { tags }: { readonly tags?: unknown } = readBody(context);
  if (!Array.isArray(tags)) throw badRequest("'tags' is a required property");
  const { nowMs } = glance.cloud.kernel;
  const things = tags.map((each: unknown): NamespaceThing => {
    if (!isObject(each)) throw badRequest("Tags are objects with a name.");
    const fields = checkMetadef("tag", each);
    return { name: textIn(fields, "name") ?? "", fields, createdMs: nowMs, updatedMs: nowMs };
  });
  const named = new Map(things.map((thing) => [keyOf(kind, thing.name), thing]));
  const repeated = things.find((thing) => named.get(keyOf(kind, thing.name)) !== thing);
  if (repeated !== undefined) throw conflict(kind.exists(repeated.name, row.name));
  row.things.tags.clear();
  for (const [key, thing] of named) row.things.tags.set(key, thing);
  glance.cloud.kernel.record("glance", "namespace.tags", row.name, { tags: things.map(({ name }) => name) });
  return json(201, kind.list(row.name, things));
}

function addThing(glance: Glance, context: RequestContext, kind: ThingKind): HttpReply {
  const named = context.params.name;
  if (named !== undefined) refuseBody(context);
  const body = named === undefined ? bodyOf(context, kind.schema) : { name: named };
  const row = namespaceOf(glance, context, kind);
  requireAdmin(context, kind.rules[0]);
  const name = textIn(body, "name") ?? "";
  const things = row.things[kind.member];
  if (things.has(keyOf(kind, name))) throw conflict(kind.exists(name, row.name));
  const { nowMs } = glance.cloud.kernel;
  const thing: NamespaceThing = { name, fields: body, createdMs: nowMs, updatedMs: nowMs };
  things.set(keyOf(kind, name), thing);
  glance.cloud.kernel.record("glance", "namespace.add", row.name, { [kind.schema]: name });
  return json(201, kind.view(row.name, thing, false));
}

/** @throws Refusal 404 */
function requireThing(row: NamespaceRow, { params }: RequestContext, kind: ThingKind): NamespaceThing {
  const name = params.name ?? "";
  const thing = row.things[kind.member].get(keyOf(kind, name));
  if (thing === undefined) throw notFound(kind.missing(name));
  return thing;
}

function changeThing(glance: Glance, context: RequestContext, kind: ThingKind): HttpReply {
  const body = bodyOf(context, kind.schema);
  const row = namespaceOf(glance, context, kind);
  requireAdmin(context, kind.rules[1]);
  const old = requireThing(row, context, kind);
  const name = textIn(body, "name") ?? old.name;
  const things = row.things[kind.member];
  if (name !== old.name && things.has(keyOf(kind, name))) throw conflict(kind.exists(name, row.name));
  const thing: NamespaceThing = { ...old, name, fields: body, updatedMs: glance.cloud.kernel.nowMs };
  things.delete(keyOf(kind, old.name));
  things.set(keyOf(kind, name), thing);
  return json(200, kind.view(row.name, thing, true));
}

function removeThing(glance: Glance, context: RequestContext, kind: ThingKind): HttpReply {
  const row = deletableIn(glance, context, kind);
  const { name } = requireThing(row, context, kind);
  row.things[kind.member].delete(keyOf(kind, name));
  return emptyReply(204);
}

function thingRoutes(glance: Glance, kind: ThingKind): readonly OpenStackRoute[] {
  const all = `${NAMESPACES}/:namespace/${kind.path}`;
  const one = `${all}/:name`;
  const listThings: OpenStackRoute["handler"] = (context) => {
    const row = namespaceOf(glance, context, kind);
    return json(200, kind.list(row.name, [...row.things[kind.member].values()]));
  };
  return [
    { method: "GET", path: all, handler: listThings },
    ...(kind.member === "tags"
      ? [
          { method: "POST", path: one, handler: (context: RequestContext) => addThing(glance, context, kind) },
          { method: "POST", path: all, handler: (context: RequestContext) => replaceTags(glance, context, kind) },
        ]
      : [{ method: "POST", path: all, handler: (context: RequestContext) => addThing(glance, context, kind) }]),
    {
      method: "GET",
      path: one,
      handler: (context) => {
        const row = namespaceOf(glance, context, kind);
        return json(200, kind.view(row.name, requireThing(row, context, kind), true));
      },
    },
    ...(kind.member === "resourceTypes"
      ? []
      : [{ method: "DELETE", path: all, handler: (context: RequestContext) => removeThings(glance, context, kind) }]),
    { method: "PUT", path: one, handler: (context) => changeThing(glance, context, kind) },
    { method: "DELETE", path: one, handler: (context) => removeThing(glance, context, kind) },
  ];
}

/** The routes of everything that a namespace holds. */
export const metadefThingRoutes = (glance: Glance): readonly OpenStackRoute[] =>
  KINDS.flatMap((kind) => thingRoutes(glance, kind));
