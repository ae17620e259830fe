import { type HttpReply, json, own } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type OpenStackRoute, type RequestContext } from "../../service.ts";
import type { Glance, NamespaceRow } from "../state.ts";
import { emptyReply } from "../wire/body.ts";
import { isoTimes, METADEF_SCHEMAS, namespaceView } from "../wire/metadefs.ts";
import {
  bodyOf,
  conflict,
  NAMESPACES,
  notFound,
  requireAdmin,
  requireNamespace,
  shortRefusal,
  textIn,
} from "./metadef-parts.ts";
import { metadefThingRoutes } from "./metadef-things.ts";

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

/** The namespace itself in a body. */
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
  const row = requireNamespace(glance, context, shortRefusal);
  requireAdmin(context, "delete_metadef_namespace");
  if (row.isProtected)
    throw new Refusal(403, "", `Metadata definition namespace ${row.name} is protected and cannot be deleted.`);
  glance.slot.value.namespaces.delete(row.name);
  glance.cloud.kernel.record("glance", "namespace.delete", row.name);
  return emptyReply(204);
}

function show(glance: Glance, context: RequestContext): HttpReply {
  return json(200, namespaceView(requireNamespace(glance, context), true));
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
  ...metadefThingRoutes(glance),
];
