import { type HttpReply, json } from "../../../kernel/index.ts";
import { str } from "../../python/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { markChanged } from "../behaviour/propagation.ts";
import {
  addRecordset,
  checkLocation,
  checkRecordCount,
  checkRecordQuota,
  type NewRecordset,
  propagationOf,
} from "../behaviour/recordsets.ts";
import { checkNotDeleting } from "../behaviour/zones.ts";
import { checkQuota } from "../state/quotas.ts";
import { type Designate, type RecordSetRow, recordsetsOf, type ZoneRow } from "../state/state.ts";
import { badRequest, badValue, invalidObject, missingProperty, notFound, schemaViolation } from "../wire/errors.ts";
import { description, host, type ObjectSchema, parseObject, text, ttl } from "../wire/fields.ts";
import { type ListKeys, listReply } from "../wire/lists.ts";
import { checkServiceName, parseRecords, recordType } from "../wire/records.ts";
import { bodyOf, canSee, idIn, requireZone, rootOf, type View } from "../wire/request.ts";
import { dateMembers } from "../wire/views.ts";

/** The type as a text, which is checked later. @throws Refusal 400 */
const typeIn = (value: unknown, field: string): unknown =>
  typeof value === "string" || value === null || typeof value === "number"
    ? value
    : text(TYPE_LENGTH_MAX)(value, field);

const TYPE_LENGTH_MAX = 255;

const CREATABLE: ObjectSchema = {
  kind: "recordset",
  fields: { name: host, type: typeIn, records: recordsIn, ttl, description },
  fixed: ["id", "zone_id", "project_id", "zone_name", "status", "action", "version", "created_at", "updated_at"],
  fragile: ["id", "zone_id"],
};

const CHANGEABLE: ObjectSchema = {
  kind: "recordset",
  fields: { records: recordsIn, ttl, description },
  fixed: [
    "id",
    "zone_id",
    "project_id",
    "name",
    "zone_name",
    "type",
    "status",
    "action",
    "version",
    "created_at",
    "updated_at",
  ],
};

const linkTo = (context: RequestContext, { zoneId, id }: RecordSetRow): string =>
  `${rootOf(context)}/zones/${zoneId}/recordsets/${id}`;

const view = ({ slot }: Designate, context: RequestContext, row: RecordSetRow): View => ({
  id: row.id,
  zone_id: row.zoneId,
  project_id: row.projectId,
  name: row.name,
  zone_name: slot.value.zones.get(row.zoneId)?.name ?? "",
  type: row.type,
  records: row.records,
  description: row.description,
  ttl: row.ttl,
  status: row.status,
  action: row.action,
  version: row.version,
  ...dateMembers(row),
  links: { self: linkTo(context, row) },
});

/** @throws Refusal 400 */
function recordsIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) {
    const bad = value.find((each) => typeof each === "object" && each !== null);
    if (bad !== undefined) throw badValue("TypeError", `unhashable type: '${Array.isArray(bad) ? "list" : "dict"}'`);
    return value;
  }
  throw schemaViolation(["records"], `'${str(value)}' is not a valid list of records`, "type", ["list"]);
}

/** Reads the body, checking it in the service's order. @throws Refusal 400 */
function newRecordsetIn(context: RequestContext): NewRecordset {
  const body = parseObject(bodyOf(context), CREATABLE);
  const type = recordType(body.type);
  if (body.name === undefined) throw missingProperty("recordset", "name");
  if (typeof body.name !== "string") throw invalidObject("");
  checkServiceName(type, body.name);
  return {
    name: body.name,
    type,
    ttl: typeof body.ttl === "number" ? body.ttl : null,
    records: [...new Set(parseRecords(type, body.records === undefined ? [] : recordsIn(body.records)))],
    description: typeof body.description === "string" ? body.description : null,
  };
}

function create(designate: Designate, context: RequestContext): HttpReply {
  idIn(context, "zone_id");
  const fields = newRecordsetIn(context);
  const { name, type, records } = fields;
  const zone = requireZone(designate, context);
  checkNotDeleting(zone);
  checkRecordCount(type, records);
  checkQuota(designate, zone.projectId, "zone_recordsets", recordsetsOf(designate, zone.id).length + 1);
  checkLocation(designate, zone, name, type);
  checkRecordQuota(designate, zone, records);
  const row = addRecordset(designate, zone, fields);
  return json(row.status === "ACTIVE" ? 201 : 202, view(designate, context, row), { Location: linkTo(context, row) });
}

/** The recordset of the path, with its zone. @throws Refusal 400, 404 */
function requireRecordset(designate: Designate, context: RequestContext): readonly [ZoneRow, RecordSetRow] {
  idIn(context, "zone_id");
  const row = designate.slot.value.recordsets.get(idIn(context, "recordset_id"));
  if (row === undefined || !canSee(context, row.projectId)) throw notFound("recordset_not_found", "RecordSet");
  const zone = requireZone(designate, context);
  if (row.zoneId !== zone.id) throw notFound("recordset_not_found", "RecordSet");
  return [zone, row];
}

function update(designate: Designate, context: RequestContext): HttpReply {
  const [zone, row] = requireRecordset(designate, context);
  if (row.managed) throw badRequest("bad_request", "Managed records may not be updated");
  const body = parseObject(bodyOf(context), CHANGEABLE, view(designate, context, row));
  const records = body.records === undefined ? row.records : parseRecords(row.type, recordsIn(body.records));
  checkNotDeleting(zone);
  if (row.action === "DELETE") throw badRequest("bad_request", "Can not update a deleting record");
  checkRecordCount(row.type, records);
  checkRecordQuota(designate, zone, records, row.id);
  Object.assign(row, {
    records: [...new Set(records)],
    ...(body.ttl !== undefined && { ttl: body.ttl }),
    ...(body.description !== undefined && { description: body.description }),
    ...propagationOf(records, "UPDATE"),
    version: row.version + 1,
    updatedMs: designate.cloud.kernel.nowMs,
  });
  markChanged(designate, zone);
  return json(row.status === "ACTIVE" ? 200 : 202, view(designate, context, row));
}

function remove(designate: Designate, context: RequestContext): HttpReply {
  const [zone, row] = requireRecordset(designate, context);
  checkNotDeleting(zone);
  if (row.type === "SOA") throw badRequest("bad_request", "Deleting a SOA recordset is not allowed");
  if (row.managed) throw badRequest("bad_request", "Managed records may not be deleted");
  Object.assign(row, {
    status: "PENDING",
    action: "DELETE",
    version: row.version + 1,
    updatedMs: designate.cloud.kernel.nowMs,
  });
  designate.cloud.kernel.record("designate", "recordset.delete", row.id);
  markChanged(designate, zone);
  return json(202, view(designate, context, row));
}

const FILTERS: ListKeys<RecordSetRow> = {
  name: ({ name }) => name,
  type: ({ type }) => type,
  ttl: (row) => row.ttl,
  data: ({ records }) => records,
  status: ({ status }) => status,
  description: (row) => row.description,
};

const SORTS: ListKeys<RecordSetRow> = {
  zone_id: ({ zoneId }) => zoneId,
  tenant_id: ({ projectId }) => projectId,
  name: ({ name }) => name,
  type: ({ type }) => type,
  ttl: (row) => row.ttl,
};

const list = (designate: Designate, context: RequestContext, path: string, rows: readonly RecordSetRow[]): HttpReply =>
  listReply(context, {
    member: "recordsets",
    path,
    rows,
    view: (row) => view(designate, context, row),
    filters: FILTERS,
    sorts: SORTS,
  });

function listOfZone(designate: Designate, context: RequestContext): HttpReply {
  const { id } = requireZone(designate, context);
  return list(designate, context, `/zones/${id}/recordsets`, recordsetsOf(designate, id));
}

function listOfAllZones(designate: Designate, context: RequestContext): HttpReply {
  const rows = [...designate.slot.value.recordsets.values()].filter(({ projectId }) => canSee(context, projectId));
  return list(designate, context, "/recordsets", rows);
}

const MOVED = { code: 301, title: "Moved Permanently", description: null };

/** Redirects to a recordset if its zone is not in the path. */
function redirect({ slot }: Designate, context: RequestContext): HttpReply {
  const row = slot.value.recordsets.get(idIn(context, "recordset_id"));
  if (row === undefined || !canSee(context, row.projectId)) throw notFound("recordset_not_found", "RecordSet");
  return json(301, MOVED, { Location: linkTo(context, row) });
}

/** `/v2/zones/:zone_id/recordsets` and `/v2/recordsets` */
export function recordsetRoutes(designate: Designate): readonly OpenStackRoute[] {
  const all = "/v2/zones/:zone_id/recordsets";
  const one = `${all}/:recordset_id`;
  const clients = ["openstack"];
  const show = (context: RequestContext): HttpReply =>
    json(200, view(designate, context, requireRecordset(designate, context)[1]));
  return [
    { method: "GET", path: all, clients, handler: (context) => listOfZone(designate, context) },
    { method: "POST", path: all, clients, handler: (context) => create(designate, context) },
    { method: "GET", path: one, clients, handler: show },
    { method: "PUT", path: one, clients, handler: (context) => update(designate, context) },
    { method: "DELETE", path: one, clients, handler: (context) => remove(designate, context) },
    { method: "GET", path: "/v2/recordsets", handler: (context) => listOfAllZones(designate, context) },
    { method: "GET", path: "/v2/recordsets/:recordset_id", handler: (context) => redirect(designate, context) },
  ];
}
