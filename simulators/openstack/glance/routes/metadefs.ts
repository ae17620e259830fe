import { type HttpReply, json, own } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type OpenStackRoute, type RequestContext } from "../../service.ts";
import type { Glance, NamespaceRow, NamespaceThing } from "../state.ts";
import { emptyReply, readBody } from "../wire/body.ts";
import {
  associationView,
  checkMetadef,
  isoTimes,
  METADEF_SCHEMAS,
  type MetadefKind,
  namespaceView,
  objectView,
  tagView,
} from "../wire/metadefs.ts";

const NAMESPACES = "/v2/metadefs/namespaces";

const notFound = (message: string): Refusal => new Refusal(404, "", message);
const conflict = (message: string): Refusal => new Refusal(409, "", message);

/** @throws Refusal 403 */
function requireAdmin({ actor }: RequestContext, rule: string): void {
  if (!actor.isAdmin) throw new Refusal(403, "", `You are not authorized to complete ${rule} action.`);
}

/** The body, as an object of the kind. @throws Refusal 400 */
function bodyOf(context: RequestContext, kind: MetadefKind): Readonly<Record<string, unknown>> {
  const body = readBody(context);
  for (const name of ["self", "schema", "created_at", "updated_at"])
    if (kind !== "property" && Object.hasOwn(body, name))
      throw new Refusal(403, "", `Attribute '${name}' is read-only.`);
  return checkMetadef(kind, body);
}

/** A namespace that the actor may see. @throws Refusal 404 */
function requireNamespace({ slot }: Glance, { actor, params }: RequestContext): NamespaceRow {
  const name = params.namespace ?? "";
  const row = slot.value.namespaces.get(name);
  const isVisible = row !== undefined && (row.visibility === "public" || row.owner === actor.projectId || actor.isAdmin);
  if (!isVisible) throw notFound(`Metadata definition namespace=${name} was not found.`);
  return row;
}

const textIn = (fields: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = fields[name];
  return typeof value === "string" ? value : undefined;
};

function list({ slot }: Glance, { actor, query }: RequestContext): HttpReply {
  const visibility = query.get("visibility");
  if (visibility !== null && !["public", "private"].includes(visibility))
    throw new Refusal(400, "", `Invalid visibility value: ${visibility}`);
  const text = query.toString();
  const rows = [...slot.value.namespaces.values()].filter(
    (row) =>
      (row.visibility === "public" || row.owner === actor.projectId || actor.isAdmin) &&
      (visibility === null || row.visibility === visibility),
  );
  return json(200, {
    namespaces: rows.reverse().map((row) => namespaceView(row)),
    first: text === "" ? NAMESPACES : `${NAMESPACES}?${text}`,
    schema: "/v2/schemas/metadefs/namespaces",
  });
}

/** What a body says of a namespace itself. */
const fieldsOf = (
  body: Readonly<Record<string, unknown>>,
  projectId: string,
): Pick<NamespaceRow, "displayName" | "description" | "visibility" | "isProtected" | "owner"> => ({
  displayName: textIn(body, "display_name"),
  description: textIn(body, "description"),
  visibility: textIn(body, "visibility") ?? "private",
  isProtected: body.protected === true,
  owner: textIn(body, "owner") ?? projectId,
});

function create({ slot, cloud }: Glance, context: RequestContext): HttpReply {
  const body = bodyOf(context, "namespace");
  requireAdmin(context, "add_metadef_namespace");
  const name = textIn(body, "namespace") ?? "";
  if (slot.value.namespaces.has(name)) throw conflict(`The metadata definition namespace=${name} already exists.`);
  const { nowMs } = cloud.kernel;
  const row: NamespaceRow = {
    name,
    ...fieldsOf(body, context.actor.projectId),
    createdMs: nowMs,
    updatedMs: nowMs,
    things: { properties: new Map(), objects: new Map(), tags: new Map(), resourceTypes: new Map() },
  };
  slot.value.namespaces.set(name, row);
  cloud.kernel.record("glance", "namespace.create", name);
  return json(201, namespaceView(row), { Location: `${cloud.root("image", context.request)}${NAMESPACES}/${name}` });
}

function update(glance: Glance, context: RequestContext): HttpReply {
  const body = bodyOf(context, "namespace");
  requireAdmin(context, "modify_metadef_namespace");
  const row = requireNamespace(glance, context);
  const { namespaces } = glance.slot.value;
  const name = textIn(body, "namespace") ?? row.name;
  if (name !== row.name && namespaces.has(name))
    throw conflict(`The metadata definition namespace=${name} already exists.`);
  namespaces.delete(row.name);
  Object.assign(row, fieldsOf(body, row.owner), { name, updatedMs: glance.cloud.kernel.nowMs });
  namespaces.set(name, row);
  glance.cloud.kernel.record("glance", "namespace.update", name);
  return json(200, namespaceView(row));
}

function remove(glance: Glance, context: RequestContext): HttpReply {
  requireAdmin(context, "delete_metadef_namespace");
  const row = requireNamespace(glance, context);
  if (row.isProtected)
    throw new Refusal(403, "", `Metadata definition namespace ${row.name} is protected and cannot be deleted.`);
  glance.slot.value.namespaces.delete(row.name);
  glance.cloud.kernel.record("glance", "namespace.delete", row.name);
  return emptyReply(204);
}

function show(glance: Glance, context: RequestContext): HttpReply {
  return json(200, namespaceView(requireNamespace(glance, context), true));
}

/** A kind of what a namespace holds. */
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
    list: (_namespace, things) => ({ properties: Object.fromEntries(things.map(({ name, fields }) => [name, fields])) }),
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

function addThing(glance: Glance, context: RequestContext, kind: ThingKind): HttpReply {
  const named = context.params.name;
  const body = named === undefined ? bodyOf(context, kind.schema) : { name: named };
  requireAdmin(context, kind.rules[0]);
  const row = requireNamespace(glance, context);
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
  requireAdmin(context, kind.rules[1]);
  const row = requireNamespace(glance, context);
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
  requireAdmin(context, kind.rules[2]);
  const row = requireNamespace(glance, context);
  if (row.isProtected)
    throw new Refusal(403, "", `Metadata definition namespace ${row.name} is protected and cannot be deleted.`);
  const { name } = requireThing(row, context, kind);
  row.things[kind.member].delete(keyOf(kind, name));
  return emptyReply(204);
}

function thingRoutes(glance: Glance, kind: ThingKind): readonly OpenStackRoute[] {
  const all = `${NAMESPACES}/:namespace/${kind.path}`;
  const one = `${all}/:name`;
  const listThings: OpenStackRoute["handler"] = (context) => {
    const row = requireNamespace(glance, context);
    return json(200, kind.list(row.name, [...row.things[kind.member].values()]));
  };
  return [
    { method: "GET", path: all, handler: listThings },
    ...(kind.member === "tags"
      ? [{ method: "POST", path: one, handler: (context: RequestContext) => addThing(glance, context, kind) }]
      : [{ method: "POST", path: all, handler: (context: RequestContext) => addThing(glance, context, kind) }]),
    {
      method: "GET",
      path: one,
      handler: (context) => {
        const row = requireNamespace(glance, context);
        return json(200, kind.view(row.name, requireThing(row, context, kind), true));
      },
    },
    { method: "PUT", path: one, handler: (context) => changeThing(glance, context, kind) },
    { method: "DELETE", path: one, handler: (context) => removeThing(glance, context, kind) },
  ];
}

/** The types of resources that any namespace names. */
function listResourceTypes({ slot }: Glance): HttpReply {
  const things = [...slot.value.namespaces.values()].flatMap(({ things: { resourceTypes } }) => [
    ...resourceTypes.values(),
  ]);
  const byName = new Map(things.map((thing) => [thing.name, thing]));
  return json(200, { resource_types: [...byName.values()].map((thing) => ({ name: thing.name, ...isoTimes(thing) })) });
}

/** A published schema. @throws Refusal 404 */
function showSchema(_glance: Glance, { params }: RequestContext): HttpReply {
  const name = params.name ?? "";
  const single = own(METADEF_SCHEMAS, name);
  if (single !== undefined) return json(200, single);
  const items = own(METADEF_SCHEMAS, name.replace(/ies$/, "y").replace(/s$/, ""));
  if (items === undefined) throw notFound("The resource could not be found.");
  const { definitions, ...bare } = items;
  return json(200, {
    name,
    properties: {
      [name]: { type: "array", items: bare },
      first: { type: "string" },
      next: { type: "string" },
      schema: { type: "string" },
    },
    links: [
      { rel: "first", href: "{first}" },
      { rel: "next", href: "{next}" },
      { rel: "describedby", href: "{schema}" },
    ],
    ...(definitions !== undefined && { definitions }),
  });
}

/** Metadata definitions: namespaces of properties, objects, tags and types of resources. */
export const metadefRoutes = (glance: Glance): readonly OpenStackRoute[] => [
  ...bindRoutes(glance, [
    ["GET", "/v2/schemas/metadefs/:name", showSchema, { clients: ["openstack"] }],
    ["GET", NAMESPACES, list, { clients: ["openstack"] }],
    ["POST", NAMESPACES, create],
    ["GET", `${NAMESPACES}/:namespace`, show],
    ["PUT", `${NAMESPACES}/:namespace`, update],
    ["DELETE", `${NAMESPACES}/:namespace`, remove],
    ["GET", "/v2/metadefs/resource_types", listResourceTypes, { clients: ["openstack"] }],
  ]),
  ...KINDS.flatMap((kind) => thingRoutes(glance, kind)),
];
