import { type HttpReply, json } from "../../../kernel/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { markChanged, propagate } from "../behaviour/propagation.ts";
import { addManagedRecordsets, checkNotDeleting, checkTld, checkZoneName, isBelow } from "../behaviour/zones.ts";
import { checkQuota } from "../state/quotas.ts";
import { type Designate, NAMESERVER, POOL_ID, recordsetsOf, type ZoneRow } from "../state/state.ts";
import { badRequest, invalidValue, missingProperty, notSimulated } from "../wire/errors.ts";
import { description, domain, email, ttl } from "../wire/fields.ts";
import { type ListKeys, listReply } from "../wire/lists.ts";
import { bodyOf, canSee, projectOf, requireZone, rootOf, type View } from "../wire/request.ts";
import { dateMembers } from "../wire/views.ts";

const TTL_DEFAULT_S = 3600;
const REFRESH_S: readonly [min: number, max: number] = [3500, 3600];

const CREATABLE = ["name", "email", "ttl", "description", "type", "masters", "attributes"];
const CHANGEABLE = ["email", "ttl", "description", "masters"];

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
  transferred_at: null,
  links: { self: linkTo(context, zone) },
});

type NewZone = Pick<ZoneRow, "name" | "email" | "ttl" | "description" | "attributes">;

/** Reads the body, checking it in the service's order. @throws Refusal 400, 501 */
function newZoneIn(context: RequestContext): NewZone {
  const body = bodyOf(context, "zone", CREATABLE);
  const name = body.name === undefined ? undefined : domain(body.name);
  const mail = body.email === undefined || body.email === null ? undefined : email(body.email);
  const seconds = body.ttl === undefined ? null : ttl(body.ttl);
  checkType(body.type ?? "PRIMARY");
  if (mail === undefined) throw missingProperty("type", "email");
  if (name === undefined) throw missingProperty("zone", "name");
  return {
    name,
    email: mail,
    ttl: seconds ?? TTL_DEFAULT_S,
    description: description(body.description ?? null),
    attributes: attributesIn(body.attributes),
  };
}

const attributesIn = (value: unknown): ZoneRow["attributes"] =>
  typeof value === "object" && value !== null ? { ...value } : {};

/** @throws Refusal 400, 501 */
function checkType(type: unknown): void {
  if (type === "SECONDARY") throw notSimulated("secondary zones");
  if (type !== "PRIMARY") throw invalidValue(`Field value ${String(type)} is invalid`);
}

function create(designate: Designate, context: RequestContext): HttpReply {
  const { kernel } = designate.cloud;
  const fields = newZoneIn(context);
  const projectId = projectOf(context);
  const { zones } = designate.slot.value;
  const own = [...zones.values()].filter((zone) => zone.projectId === projectId);
  checkQuota(designate, projectId, "zones", own.length + 1);
  checkZoneName(designate, fields.name, projectId);
  checkTld(designate, fields.name);
  const zone: ZoneRow = {
    ...fields,
    id: designate.cloud.uuid("designate"),
    projectId,
    serial: Math.floor(kernel.nowMs / 1000),
    refreshS: designate.cloud.random("designate").int(...REFRESH_S),
    status: "PENDING",
    action: "CREATE",
    version: 1,
    createdMs: kernel.nowMs,
    updatedMs: null,
  };
  zones.set(zone.id, zone);
  addManagedRecordsets(designate, zone);
  kernel.record("designate", "zone.create", zone.id, { project: projectId, name: zone.name });
  propagate(designate, zone);
  return json(202, view(context, zone), { Location: linkTo(context, zone) });
}

function update(designate: Designate, context: RequestContext): HttpReply {
  const zone = requireZone(designate, context);
  const body = bodyOf(context, "zone", CHANGEABLE);
  const changes = {
    ...(body.email !== undefined && { email: email(body.email) }),
    ...(body.ttl !== undefined && { ttl: ttl(body.ttl) ?? TTL_DEFAULT_S }),
    ...(body.description !== undefined && { description: description(body.description) }),
  };
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

const KEYS: ListKeys<ZoneRow> = {
  name: ({ name }) => name,
  type: () => "PRIMARY",
  email: (zone) => zone.email,
  status: ({ status }) => status,
  description: (zone) => zone.description,
  ttl: (zone) => zone.ttl,
  serial: ({ serial }) => serial,
  action: ({ action }) => action,
};

const list = ({ slot }: Designate, context: RequestContext): HttpReply =>
  listReply(context, {
    member: "zones",
    path: "/zones",
    rows: [...slot.value.zones.values()].filter(({ projectId }) => canSee(context, projectId)),
    view: (zone) => view(context, zone),
    keys: KEYS,
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
