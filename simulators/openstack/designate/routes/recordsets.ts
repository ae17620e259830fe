import { type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../common/refusal.ts";
import type { Context, OpenStackRoute } from "../../common/service.ts";
import { isoMicros } from "../../common/time.ts";
import { bodyOf, checkRecords, checkServiceName, description, host, recordType, ttl } from "../wire/fields.ts";
import { listReply, type Listing } from "../wire/lists.ts";
import { markChanged } from "../behaviour.ts";
import {
  bad,
  base,
  broken,
  checkQuota,
  type Designate,
  idIn,
  type RecordSetRow,
  recordsetsOf,
  sees,
  type ZoneRow,
  zoneOf,
} from "../state.ts";
import { checkAlive } from "./zones.ts";

const linkTo = (context: Context, { zoneId, id }: RecordSetRow): string =>
  `${base(context)}/zones/${zoneId}/recordsets/${id}`;

const viewOf = (designate: Designate, context: Context, row: RecordSetRow): object => ({
  id: row.id,
  zone_id: row.zoneId,
  project_id: row.projectId,
  name: row.name,
  zone_name: designate.slot.value.zones.get(row.zoneId)?.name ?? "",
  type: row.type,
  records: row.records,
  description: row.description,
  ttl: row.ttl,
  status: row.status,
  action: row.action,
  version: row.version,
  created_at: isoMicros(row.createdMs),
  updated_at: row.updatedMs === null ? null : isoMicros(row.updatedMs),
  links: { self: linkTo(context, row) },
});

const location = (message: string): Refusal => bad("invalid_recordset_location", message);

/** A CNAME stands alone at its name, and never at the apex. */
function checkPlace(designate: Designate, zone: ZoneRow, name: string, type: string): void {
  if (name !== zone.name && !name.endsWith(`.${zone.name}`))
    throw location("RecordSet is not contained within it's parent zone");
  if (type === "CNAME" && name === zone.name) throw location("CNAME recordsets may not be created at the zone apex");
  const others = recordsetsOf(designate, zone.id).filter((row) => row.name === name);
  if (type === "CNAME" ? others.length > 0 : others.some((row) => row.type === "CNAME"))
    throw location("CNAME recordsets may not share a name with any other records");
  const inner = [...designate.slot.value.zones.values()].find(
    (other) => other.id !== zone.id && other.name.endsWith(`.${zone.name}`) && isIn(name, other.name),
  );
  if (inner !== undefined) throw location("RecordSet belongs in a child zone: " + inner.name);
  if (others.some((row) => row.type === type)) throw new Refusal(409, "duplicate_recordset", "Duplicate RecordSet");
}

const isIn = (name: string, zone: string): boolean => name === zone || name.endsWith(`.${zone}`);

function recordsIn(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw broken(["records"], `'${String(value)}' is not a valid list of records`, "type", ["list"]);
}

function checkRecordQuota(designate: Designate, zone: ZoneRow, records: readonly string[], without?: string): void {
  if (records.length === 0) return;
  const others = recordsetsOf(designate, zone.id).filter(({ id, managed }) => !managed && id !== without);
  const known = others.reduce((sum, row) => sum + row.records.length, 0);
  checkQuota(designate, zone.projectId, "zone_records", known + records.length);
  checkQuota(designate, zone.projectId, "recordset_records", records.length);
}

function checkLone(type: string, records: readonly string[]): void {
  if (type === "CNAME" && records.length > 1)
    throw bad("bad_request", "CNAME recordsets may not have more than 1 record");
}

const CREATABLE = ["name", "type", "records", "ttl", "description"];

function create(designate: Designate, context: Context): HttpReply {
  const { kernel } = designate.cloud;
  idIn(context, "zone_id");
  const body = bodyOf(context, "recordset", CREATABLE);
  const name = body.name === undefined ? undefined : host(body.name);
  const seconds = body.ttl === undefined ? null : ttl(body.ttl);
  const given = recordsIn(body.records);
  const type = recordType(body.type);
  if (name === undefined) throw broken(["recordset", "name"], "'name' is a required property", "required", "name");
  checkServiceName(type, name);
  const records = [...new Set(checkRecords(type, given))];
  const zone = zoneOf(designate, context);
  checkAlive(zone);
  checkLone(type, records);
  checkQuota(designate, zone.projectId, "zone_recordsets", recordsetsOf(designate, zone.id).length + 1);
  checkPlace(designate, zone, name, type);
  checkRecordQuota(designate, zone, records);
  const isEmpty = records.length === 0;
  const row: RecordSetRow = {
    id: designate.cloud.uuid("designate"),
    zoneId: zone.id,
    projectId: zone.projectId,
    name,
    type,
    managed: false,
    records,
    description: description(body.description ?? null),
    ttl: seconds,
    status: isEmpty ? "ACTIVE" : "PENDING",
    action: isEmpty ? "NONE" : "CREATE",
    version: 1,
    createdMs: kernel.nowMs,
    updatedMs: null,
  };
  designate.slot.value.recordsets.set(row.id, row);
  kernel.record("designate", "recordset.create", row.id, { zone: zone.id, name, type, records });
  markChanged(designate, zone);
  return json(isEmpty ? 201 : 202, viewOf(designate, context, row), { Location: linkTo(context, row) });
}

function rowOf(designate: Designate, context: Context): readonly [ZoneRow, RecordSetRow] {
  const zone = zoneOf(designate, context);
  const row = designate.slot.value.recordsets.get(idIn(context, "recordset_id"));
  if (row === undefined || row.zoneId !== zone.id)
    throw new Refusal(404, "recordset_not_found", "Could not find RecordSet");
  return [zone, row];
}

function update(designate: Designate, context: Context): HttpReply {
  const [zone, row] = rowOf(designate, context);
  const body = bodyOf(context, "recordset", ["records", "ttl", "description"]);
  const seconds = body.ttl === undefined ? row.ttl : ttl(body.ttl);
  const records = body.records === undefined ? row.records : checkRecords(row.type, recordsIn(body.records));
  checkAlive(zone);
  if (row.managed) throw bad("bad_request", "Managed records may not be updated");
  if (row.action === "DELETE") throw bad("bad_request", "Can not update a deleting record");
  checkLone(row.type, records);
  checkRecordQuota(designate, zone, records, row.id);
  const isEmpty = records.length === 0;
  Object.assign(row, {
    records: [...new Set(records)],
    ttl: seconds,
    ...(body.description !== undefined && { description: description(body.description) }),
    status: isEmpty ? "ACTIVE" : "PENDING",
    action: isEmpty ? "NONE" : "UPDATE",
    version: row.version + 1,
    updatedMs: designate.cloud.kernel.nowMs,
  });
  markChanged(designate, zone);
  return json(isEmpty ? 200 : 202, viewOf(designate, context, row));
}

function remove(designate: Designate, context: Context): HttpReply {
  const [zone, row] = rowOf(designate, context);
  checkAlive(zone);
  if (row.managed) throw bad("bad_request", "Managed records may not be deleted");
  Object.assign(row, {
    status: "PENDING",
    action: "DELETE",
    version: row.version + 1,
    updatedMs: designate.cloud.kernel.nowMs,
  });
  designate.cloud.kernel.record("designate", "recordset.delete", row.id);
  markChanged(designate, zone);
  return json(202, viewOf(designate, context, row));
}

const KEYS: Listing<RecordSetRow>["keys"] = {
  name: ({ name }) => name,
  type: ({ type }) => type,
  ttl: (row) => row.ttl,
  data: ({ records }) => records,
  description: (row) => row.description,
  status: ({ status }) => status,
  action: ({ action }) => action,
  zone_id: ({ zoneId }) => zoneId,
};

export const recordsetRoutes = (designate: Designate): readonly OpenStackRoute[] => {
  const view =
    (context: Context) =>
    (row: RecordSetRow): object =>
      viewOf(designate, context, row);
  const all = "/v2/zones/:zone_id/recordsets";
  const one = `${all}/:recordset_id`;
  return [
    {
      method: "GET",
      path: all,
      clients: ["openstack"],
      handler: (context) => {
        const { id } = zoneOf(designate, context);
        const path = `/zones/${id}/recordsets`;
        const rows = recordsetsOf(designate, id);
        return listReply(context, { member: "recordsets", path, rows, view: view(context), keys: KEYS });
      },
    },
    { method: "POST", path: all, clients: ["openstack"], handler: (context) => create(designate, context) },
    {
      method: "GET",
      path: one,
      clients: ["openstack"],
      handler: (context) => json(200, viewOf(designate, context, rowOf(designate, context)[1])),
    },
    { method: "PUT", path: one, clients: ["openstack"], handler: (context) => update(designate, context) },
    { method: "DELETE", path: one, clients: ["openstack"], handler: (context) => remove(designate, context) },
    {
      method: "GET",
      path: "/v2/recordsets",
      handler: (context) => {
        const rows = [...designate.slot.value.recordsets.values()].filter(({ projectId }) => sees(context, projectId));
        return listReply(context, { member: "recordsets", path: "/recordsets", rows, view: view(context), keys: KEYS });
      },
    },
    {
      method: "GET",
      path: "/v2/recordsets/:recordset_id",
      handler: (context) => {
        const row = designate.slot.value.recordsets.get(idIn(context, "recordset_id"));
        if (row === undefined || !sees(context, row.projectId))
          throw new Refusal(404, "recordset_not_found", "Could not find RecordSet");
        return { status: 301, headers: { Location: linkTo(context, row) } };
      },
    },
  ];
};
