import { type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../common/refusal.ts";
import type { Context, OpenStackRoute } from "../../common/service.ts";
import { isoMicros } from "../../common/time.ts";
import { bodyOf, description, domain, email, ttl } from "../wire/fields.ts";
import { listReply } from "../wire/lists.ts";
import { propagate, soaOf, markChanged } from "../behaviour.ts";
import {
  bad,
  base,
  broken,
  checkQuota,
  type Designate,
  invalidValue,
  NAMESERVER,
  notSimulated,
  POOL_ID,
  projectOf,
  recordsetsOf,
  sees,
  type ZoneRow,
  zoneOf,
} from "../state.ts";
import { checkTld } from "./tlds.ts";

const TTL_DEFAULT = 3600;
const REFRESH_S: readonly [number, number] = [3500, 3600];

const viewOf = (context: Context, zone: ZoneRow): object => ({
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
  created_at: isoMicros(zone.createdMs),
  updated_at: zone.updatedMs === null ? null : isoMicros(zone.updatedMs),
  transferred_at: null,
  links: { self: `${base(context)}/zones/${zone.id}` },
});

const CREATABLE = ["name", "email", "ttl", "description", "type", "masters", "attributes"];
const CHANGEABLE = ["email", "ttl", "description", "masters"];

function checkPlace({ slot }: Designate, name: string, projectId: string): void {
  const zones = [...slot.value.zones.values()];
  if (name.split(".").filter((label) => label !== "").length < 2)
    throw bad("invalid_zone_name", "More than one label is required");
  const foreign = zones.filter((zone) => zone.projectId !== projectId);
  if (foreign.some((zone) => name.endsWith(`.${zone.name}`)))
    throw new Refusal(403, "illegal_child", "Unable to create subzone in another tenants zone");
  if (foreign.some((zone) => zone.name.endsWith(`.${name}`)))
    throw new Refusal(403, "illegal_parent", "Unable to create zone because another tenant owns a subzone of the zone");
  if (zones.some((zone) => zone.name === name)) throw new Refusal(409, "duplicate_zone", "Duplicate Zone");
}

function create(designate: Designate, context: Context): HttpReply {
  const { kernel } = designate.cloud;
  const body = bodyOf(context, "zone", CREATABLE);
  const name = body.name === undefined ? undefined : domain(body.name);
  const mail = body.email === undefined || body.email === null ? undefined : email(body.email);
  const seconds = body.ttl === undefined ? TTL_DEFAULT : (ttl(body.ttl) ?? TTL_DEFAULT);
  const type = body.type ?? "PRIMARY";
  if (type !== "PRIMARY" && type !== "SECONDARY") throw invalidValue(`Field value ${String(type)} is invalid`);
  if (type === "SECONDARY") throw notSimulated("secondary zones");
  if (mail === undefined) throw broken(["type", "email"], "'email' is a required property", "required", "email");
  if (name === undefined) throw broken(["zone", "name"], "'name' is a required property", "required", "name");
  const about = description(body.description ?? null);
  const projectId = projectOf(context);
  const owned = [...designate.slot.value.zones.values()].filter((zone) => zone.projectId === projectId);
  checkQuota(designate, projectId, "zones", owned.length + 1);
  checkPlace(designate, name, projectId);
  checkTld(designate, name);
  const zone: ZoneRow = {
    id: designate.cloud.uuid("designate"),
    projectId,
    name,
    email: mail,
    description: about,
    ttl: seconds,
    serial: Math.floor(kernel.nowMs / 1000),
    refreshS: designate.cloud.random("designate").int(...REFRESH_S),
    status: "PENDING",
    action: "CREATE",
    version: 1,
    attributes: (body.attributes as Readonly<Record<string, string>> | null | undefined) ?? {},
    createdMs: kernel.nowMs,
    updatedMs: null,
  };
  designate.slot.value.zones.set(zone.id, zone);
  addManaged(designate, zone);
  kernel.record("designate", "zone.create", zone.id, { project: projectId, name });
  propagate(designate, zone);
  return json(202, viewOf(context, zone), { Location: `${base(context)}/zones/${zone.id}` });
}

/** A zone begins with its authority and its name servers. */
function addManaged({ slot, cloud }: Designate, zone: ZoneRow): void {
  for (const [type, record] of [
    ["NS", NAMESERVER],
    ["SOA", soaOf(zone)],
  ] as const) {
    const id = cloud.uuid("designate");
    slot.value.recordsets.set(id, {
      id,
      zoneId: zone.id,
      projectId: zone.projectId,
      name: zone.name,
      type,
      managed: true,
      records: [record],
      description: null,
      ttl: null,
      status: "PENDING",
      action: "CREATE",
      version: 1,
      createdMs: zone.createdMs,
      updatedMs: null,
    });
  }
}

export function checkAlive(zone: ZoneRow): void {
  if (zone.action === "DELETE") throw bad("bad_request", "Can not update a deleting zone");
}

function update(designate: Designate, context: Context): HttpReply {
  const zone = zoneOf(designate, context);
  const body = bodyOf(context, "zone", CHANGEABLE);
  const wanted = {
    ...(body.email !== undefined && { email: email(body.email) }),
    ...(body.ttl !== undefined && { ttl: ttl(body.ttl) ?? TTL_DEFAULT }),
    ...(body.description !== undefined && { description: description(body.description) }),
  };
  checkAlive(zone);
  Object.assign(zone, wanted);
  markChanged(designate, zone);
  return json(202, viewOf(context, zone));
}

function remove(designate: Designate, context: Context): HttpReply {
  const zone = zoneOf(designate, context);
  const children = [...designate.slot.value.zones.values()].some(
    (other) => other.projectId !== zone.projectId && other.name.endsWith(`.${zone.name}`),
  );
  if (children) throw bad("zone_has_subzone", "Please delete any subzones before deleting this zone");
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
  return json(202, viewOf(context, zone));
}

export const zoneRoutes = (designate: Designate): readonly OpenStackRoute[] => [
  {
    method: "GET",
    path: "/v2/zones",
    clients: ["openstack"],
    handler: (context) =>
      listReply(context, {
        member: "zones",
        path: "/zones",
        rows: [...designate.slot.value.zones.values()].filter(({ projectId }) => sees(context, projectId)),
        view: (zone) => viewOf(context, zone),
        keys: {
          name: ({ name }) => name,
          type: () => "PRIMARY",
          email: (zone) => zone.email,
          status: ({ status }) => status,
          description: (zone) => zone.description,
          ttl: (zone) => zone.ttl,
          serial: ({ serial }) => serial,
          action: ({ action }) => action,
        },
      }),
  },
  { method: "POST", path: "/v2/zones", clients: ["openstack"], handler: (context) => create(designate, context) },
  {
    method: "GET",
    path: "/v2/zones/:zone_id",
    clients: ["openstack"],
    handler: (context) => json(200, viewOf(context, zoneOf(designate, context))),
  },
  { method: "PATCH", path: "/v2/zones/:zone_id", handler: (context) => update(designate, context) },
  { method: "DELETE", path: "/v2/zones/:zone_id", handler: (context) => remove(designate, context) },
  {
    method: "GET",
    path: "/v2/zones/:zone_id/nameservers",
    handler: (context) => {
      zoneOf(designate, context);
      return json(200, { nameservers: [{ hostname: NAMESERVER, priority: 1 }] });
    },
  },
];
