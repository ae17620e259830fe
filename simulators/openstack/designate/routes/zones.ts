import { type HttpReply, json } from "../../../kernel/index.ts";
import type { Refusal } from "../../refusal.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { markChanged, propagate } from "../behaviour/propagation.ts";
import { addZone, checkNewZone, checkNotDeleting, isBelow, type NewZone, TTL_DEFAULT_S } from "../behaviour/zones.ts";
import { type Designate, NAMESERVER, POOL_ID, recordsetsOf, type ZoneRow } from "../state/state.ts";
import { badRequest, crash, missingProperty, notSimulated, schemaViolation } from "../wire/errors.ts";
import {
  attributes,
  description,
  domain,
  email,
  masters,
  type ObjectSchema,
  oneOf,
  parseObject,
  ttl,
} from "../wire/fields.ts";
import { type ListKeys, listReply } from "../wire/lists.ts";
import { bodyOf, canSee, projectOf, requireZone, rootOf, type View } from "../wire/request.ts";
import { dateMembers } from "../wire/views.ts";

/** Nothing is what the default is. */
const zoneType = (value: unknown, field: string): unknown =>
  value === null ? null : oneOf("SECONDARY", "PRIMARY")(value, field);

const CREATABLE: ObjectSchema = {
  kind: "zone",
  fields: { name: domain, email, ttl, description, type: zoneType, masters, attributes },
  fixed: ["id", "pool_id", "project_id", "serial", "status", "action", "version", "created_at", "updated_at"],
  fragile: ["id", "serial"],
};

const CHANGEABLE: ObjectSchema = {
  kind: "zone",
  fields: { email, ttl, description, masters },
  fixed: [
    "id",
    "pool_id",
    "project_id",
    "name",
    "serial",
    "status",
    "action",
    "version",
    "type",
    "created_at",
    "updated_at",
    "transferred_at",
    "attributes",
  ],
};

const linkTo = (context: RequestContext, { id }: ZoneRow): string => `${rootOf(context)}/zones/${id}`;

const view = (context: RequestContext, zone: ZoneRow): View => ({
  id: zone.id,
  pool_id: POOL_ID,
  project_id: zone.projectId,
  name: zone.name,
  email: zone.email,
  description: zone.description,
  ttl: zone.ttl,
  serial: zone.serial,
  status: zone.status,
  action: zone.action,
  version: zone.version,
  attributes: zone.attributes,
  type: "PRIMARY",
  masters: [],
  ...dateMembers(zone),
  // The service never fills it in.
  transferred_at: null,
  links: { self: linkTo(context, zone) },
});

/** Reads the body, checking it in the service's order. @throws Refusal 400, 501 */
function newZoneIn(context: RequestContext): NewZone {
  const body = parseObject(bodyOf(context), CREATABLE);
  const servers = Array.isArray(body.masters) ? body.masters : [];
  if (body.type === "SECONDARY") {
    if (servers.length === 0) throw missingMasters();
    throw notSimulated("secondary zones");
  }
  if (typeof body.email !== "string") throw missingProperty("type", "email");
  if (servers.length > 0)
    throw schemaViolation(["type"], "'masters' has more items than allowed", "maxItems", ["masters"]);
  if (typeof body.name !== "string") throw missingProperty("zone", "name");
  // The column takes no null.
  if (body.ttl === null) throw crash();
  return {
    name: body.name,
    email: body.email,
    ttl: typeof body.ttl === "number" ? body.ttl : TTL_DEFAULT_S,
    description: typeof body.description === "string" ? body.description : null,
    attributes: { ...(typeof body.attributes === "object" ? body.attributes : {}) },
  };
}

const missingMasters = (): Refusal =>
  schemaViolation(["type", "masters"], "'masters' is a required property", "required", ["masters"]);

function create(designate: Designate, context: RequestContext): HttpReply {
  const fields = newZoneIn(context);
  const projectId = projectOf(context);
  checkNewZone(designate, context.actor, projectId, fields.name);
  const zone = addZone(designate, projectId, fields);
  return json(202, view(context, zone), { Location: linkTo(context, zone) });
}

function update(designate: Designate, context: RequestContext): HttpReply {
  const zone = requireZone(designate, context);
  const body = parseObject(bodyOf(context), CHANGEABLE, view(context, zone));
  if (Array.isArray(body.masters) && body.masters.length > 0)
    throw schemaViolation(["type"], "'masters' has more items than allowed", "maxItems", ["masters"]);
  const { masters: _masters, ...fields } = body;
  const changes = { ...fields, ...(body.ttl === null && { ttl: TTL_DEFAULT_S }) };
  checkNotDeleting(zone);
  Object.assign(zone, changes);
  markChanged(designate, zone);
  return json(202, view(context, zone));
}

/** @throws Refusal 400 when another project's zone lies below */
function checkNoChildren({ slot }: Designate, zone: ZoneRow): void {
  const others = [...slot.value.zones.values()].filter(({ projectId }) => projectId !== zone.projectId);
  if (others.some(({ name }) => isBelow(name, zone.name)))
    throw badRequest("zone_has_subzone", "Please delete any subzones before deleting this zone");
}

/** Deleting it again changes nothing. */
function remove(designate: Designate, context: RequestContext): HttpReply {
  const zone = requireZone(designate, context);
  checkNoChildren(designate, zone);
  if (zone.action !== "DELETE") {
    Object.assign(zone, {
      status: "PENDING",
      action: "DELETE",
      version: zone.version + 1,
      updatedMs: designate.cloud.kernel.nowMs,
    });
    for (const row of recordsetsOf(designate, zone.id)) Object.assign(row, { status: "PENDING", action: "DELETE" });
    propagate(designate, zone);
  }
  return json(202, view(context, zone));
}

const FILTERS: ListKeys<ZoneRow> = {
  name: ({ name }) => name,
  type: () => "PRIMARY",
  email: (zone) => zone.email,
  status: ({ status }) => status,
  description: (zone) => zone.description,
  ttl: (zone) => zone.ttl,
};

const SORTS: ListKeys<ZoneRow> = {
  name: ({ name }) => name,
  tenant_id: ({ projectId }) => projectId,
  serial: ({ serial }) => serial,
  ttl: (zone) => zone.ttl,
  status: ({ status }) => status,
};

const list = ({ slot }: Designate, context: RequestContext): HttpReply =>
  listReply(context, {
    member: "zones",
    path: "/zones",
    rows: [...slot.value.zones.values()].filter(({ projectId }) => canSee(context, projectId)),
    view: (zone) => view(context, zone),
    filters: FILTERS,
    sorts: SORTS,
  });

function nameservers(designate: Designate, context: RequestContext): HttpReply {
  requireZone(designate, context);
  return json(200, { nameservers: [{ hostname: NAMESERVER, priority: 1 }] });
}

/** `/v2/zones` */
export function zoneRoutes(designate: Designate): readonly OpenStackRoute[] {
  const one = "/v2/zones/:zone_id";
  const clients = ["openstack"];
  return [
    { method: "GET", path: "/v2/zones", clients, handler: (context) => list(designate, context) },
    { method: "POST", path: "/v2/zones", clients, handler: (context) => create(designate, context) },
    {
      method: "GET",
      path: one,
      clients,
      handler: (context) => json(200, view(context, requireZone(designate, context))),
    },
    { method: "PATCH", path: one, handler: (context) => update(designate, context) },
    { method: "DELETE", path: one, handler: (context) => remove(designate, context) },
    { method: "GET", path: `${one}/nameservers`, handler: (context) => nameservers(designate, context) },
  ];
}
