import { type HttpReply, json } from "../../../kernel/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { checkQuota } from "../state/quotas.ts";
import { type Designate, recordsetsOf, type TransferAcceptRow, type TransferRequestRow } from "../state/state.ts";
import { badRequest, crash, forbidden, missingField, notFound } from "../wire/errors.ts";
import { description, type ObjectSchema, parseObject, text, textOrNull, uuidOrNull } from "../wire/fields.ts";
import { listReply } from "../wire/lists.ts";
import { bodyOf, bodyOrNothing, canSee, idIn, projectOf, requireZone, rootOf, type View } from "../wire/request.ts";
import { dateMembers } from "../wire/views.ts";
import { Refusal } from "../../refusal.ts";

/*
 * Handing a zone to another project (designate/objects/zone_transfer_*.py and designate/central/service.py of Zed).
 */

const REQUESTS = "/zones/tasks/transfer_requests";
const ACCEPTS = "/zones/tasks/transfer_accepts";

const KEY_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const KEY_LENGTH = 8;
const KEY_LENGTH_MAX = 160;
/** The length of the column. */
const PROJECT_LENGTH_MAX = 36;

const REQUEST: ObjectSchema = {
  kind: "transfer_request",
  fields: { target_project_id: textOrNull(Infinity), description, zone_id: uuidOrNull },
  inner: { target_project_id: "target_tenant_id" },
  fixed: ["id", "project_id", "key", "status", "zone_name", "created_at", "updated_at"],
};

const REQUEST_CHANGE: ObjectSchema = {
  kind: "transfer_request",
  fields: { description, target_project_id: textOrNull(Infinity) },
  fixed: ["id", "status", "zone_id", "project_id"],
};

const ACCEPT: ObjectSchema = {
  kind: "transfer_accept",
  fields: { key: text(KEY_LENGTH_MAX), zone_transfer_request_id: uuidOrNull },
};

const linkTo = (context: RequestContext, path: string, { id }: { readonly id: string }): string =>
  `${rootOf(context)}${path}/${id}`;

/** Only the project that offers the zone sees the key. */
function requestView(context: RequestContext, row: TransferRequestRow): View {
  const links = { self: linkTo(context, REQUESTS, row) };
  const shared = { status: row.status, zone_name: row.zoneName };
  if (!canSee(context, row.projectId))
    return { id: row.id, zone_id: row.zoneId, description: row.description, ...shared, links };
  return {
    id: row.id,
    zone_id: row.zoneId,
    project_id: row.projectId,
    target_project_id: row.targetProjectId,
    description: row.description,
    key: row.key,
    ...shared,
    ...dateMembers(row),
    links,
  };
}

/** @throws Refusal 400, 404 */
function requestIn({ slot }: Designate, id: string): TransferRequestRow {
  const row = slot.value.transferRequests.get(id);
  if (row === undefined) throw notFound("zone_transfer_request_not_found", "ZoneTransferRequest");
  return row;
}

const isFor = (context: RequestContext, { targetProjectId }: TransferRequestRow): boolean =>
  targetProjectId === null || targetProjectId === projectOf(context);

/** @throws Refusal 400, 403, 404 */
function visibleRequest(designate: Designate, context: RequestContext): TransferRequestRow {
  const row = requestIn(designate, idIn(context, "transfer_id"));
  if (!canSee(context, row.projectId) && !isFor(context, row) && !context.actor.isAdmin) throw forbidden();
  return row;
}

/** @throws Refusal 400, 404 */
function ownRequest(designate: Designate, context: RequestContext): TransferRequestRow {
  const row = requestIn(designate, idIn(context, "transfer_id"));
  if (canSee(context, row.projectId)) return row;
  throw notFound("zone_transfer_request_not_found", "ZoneTransferRequest");
}

/** @throws Refusal 400; 500 for a project that is too long for its column */
function targetOf(value: unknown): string | null {
  if (typeof value !== "string") return null;
  if (value.length > PROJECT_LENGTH_MAX) throw crash();
  return value;
}

const newKey = ({ cloud }: Designate): string => {
  const random = cloud.random("designate");
  return Array.from({ length: KEY_LENGTH }, () => KEY_LETTERS[random.int(0, KEY_LETTERS.length - 1)]).join("");
};

function createRequest(designate: Designate, context: RequestContext): HttpReply {
  const { slot, cloud } = designate;
  idIn(context, "zone_id");
  const isEmpty = context.request.body === undefined || context.request.body.length === 0;
  const body = parseObject(isEmpty ? {} : (bodyOrNothing(context) ?? {}), REQUEST);
  const zone = requireZone(designate, context);
  if (zone.action === "DELETE") throw badRequest("bad_request", "Can not transfer a deleting zone");
  for (const other of slot.value.transferRequests.values())
    if (other.zoneId === zone.id && other.status === "ACTIVE")
      throw new Refusal(409, "duplicate_zone_transfer_request", "");
  const target = targetOf(body.target_project_id);
  const row: TransferRequestRow = {
    id: cloud.uuid("designate"),
    zoneId: zone.id,
    zoneName: zone.name,
    projectId: zone.projectId,
    targetProjectId: target,
    key: newKey(designate),
    description: typeof body.description === "string" ? body.description : null,
    status: "ACTIVE",
    createdMs: cloud.kernel.nowMs,
    updatedMs: null,
  };
  slot.value.transferRequests.set(row.id, row);
  cloud.kernel.record("designate", "zone.transfer.request", row.id, { zone: zone.id });
  return json(201, requestView(context, row), { Location: linkTo(context, REQUESTS, row) });
}

function updateRequest(designate: Designate, context: RequestContext): HttpReply {
  const row = ownRequest(designate, context);
  const body = parseObject(bodyOf(context), REQUEST_CHANGE, requestView(context, row));
  if (body.description !== undefined) row.description = typeof body.description === "string" ? body.description : null;
  row.updatedMs = designate.cloud.kernel.nowMs;
  return json(200, requestView(context, row));
}

function removeRequest(designate: Designate, context: RequestContext): HttpReply {
  designate.slot.value.transferRequests.delete(ownRequest(designate, context).id);
  return { status: 204 };
}

const listRequests = ({ slot }: Designate, context: RequestContext): HttpReply =>
  listReply(context, {
    member: "transfer_requests",
    path: REQUESTS,
    rows: [...slot.value.transferRequests.values()].filter(
      (row) => canSee(context, row.projectId) || row.targetProjectId === projectOf(context),
    ),
    view: (row) => requestView(context, row),
    filters: { status: ({ status }) => status },
    counts: false,
  });

const acceptView = (context: RequestContext, row: TransferAcceptRow, key: string | null): View => ({
  id: row.id,
  zone_transfer_request_id: row.requestId,
  project_id: row.projectId,
  key,
  status: "COMPLETE",
  zone_id: row.zoneId,
  ...dateMembers(row),
  links: { self: linkTo(context, ACCEPTS, row), zone: `${rootOf(context)}/zones/${row.zoneId}` },
});

/** The request that a body accepts. @throws Refusal 400, 403, 404 */
function acceptedRequest(designate: Designate, context: RequestContext): TransferRequestRow {
  const body = parseObject(bodyOf(context), ACCEPT);
  if (body.key === undefined) throw missingField("key");
  const request = requestIn(designate, String(body.zone_transfer_request_id));
  if (!canSee(context, request.projectId) && !isFor(context, request)) throw forbidden();
  if (request.status !== "ACTIVE")
    throw badRequest("invalid_zone_transfer_request", "Zone Transfer Request has been used");
  if (request.key !== body.key) throw new Refusal(403, "invalid_key", "Key does not match stored key for request");
  if (!isFor(context, request) && !context.actor.isAdmin) throw forbidden();
  return request;
}

/** Hands the zone over, with all its recordsets. */
function accept(designate: Designate, context: RequestContext): HttpReply {
  const { slot, cloud } = designate;
  const request = acceptedRequest(designate, context);
  const projectId = projectOf(context);
  const zone = slot.value.zones.get(request.zoneId);
  if (zone === undefined) throw notFound("zone_not_found", "Zone");
  if (zone.action === "DELETE") throw badRequest("bad_request", "Can not transfer a deleting zone");
  const own = [...slot.value.zones.values()].filter((each) => each.projectId === projectId);
  checkQuota(designate, projectId, "zones", own.length + 1);
  const { nowMs } = cloud.kernel;
  Object.assign(zone, { projectId, version: zone.version + 1, updatedMs: nowMs });
  for (const row of recordsetsOf(designate, zone.id)) row.projectId = projectId;
  Object.assign(request, { status: "COMPLETE", updatedMs: nowMs });
  const row: TransferAcceptRow = {
    id: cloud.uuid("designate"),
    requestId: request.id,
    zoneId: zone.id,
    projectId,
    createdMs: nowMs,
    updatedMs: nowMs,
  };
  slot.value.transferAccepts.set(row.id, row);
  cloud.kernel.record("designate", "zone.transfer.accept", row.id, { zone: zone.id, project: projectId });
  return json(201, acceptView(context, row, request.key), { Location: linkTo(context, ACCEPTS, row) });
}

function showAccept({ slot }: Designate, context: RequestContext): HttpReply {
  const row = slot.value.transferAccepts.get(idIn(context, "transfer_id"));
  if (row === undefined || !canSee(context, row.projectId))
    throw notFound("zone_transfer_accept_not_found", "ZoneTransferAccept");
  return json(200, acceptView(context, row, null));
}

function listAccepts({ slot }: Designate, context: RequestContext): HttpReply {
  if (!context.actor.isAdmin) throw forbidden();
  return listReply(context, {
    member: "transfer_accepts",
    path: ACCEPTS,
    rows: [...slot.value.transferAccepts.values()].filter(({ projectId }) => canSee(context, projectId)),
    view: (row) => acceptView(context, row, null),
    filters: { status: () => "COMPLETE" },
    counts: false,
  });
}

/** `/v2/zones/tasks/transfer_requests` and `transfer_accepts`. */
export function zoneTransferRoutes(designate: Designate): readonly OpenStackRoute[] {
  const request = `/v2${REQUESTS}/:transfer_id`;
  return [
    {
      method: "POST",
      path: "/v2/zones/:zone_id/tasks/transfer_requests",
      handler: (context) => createRequest(designate, context),
    },
    { method: "GET", path: `/v2${REQUESTS}`, handler: (context) => listRequests(designate, context) },
    {
      method: "GET",
      path: request,
      handler: (context) => json(200, requestView(context, visibleRequest(designate, context))),
    },
    { method: "PATCH", path: request, handler: (context) => updateRequest(designate, context) },
    { method: "DELETE", path: request, handler: (context) => removeRequest(designate, context) },
    { method: "POST", path: `/v2${ACCEPTS}`, handler: (context) => accept(designate, context) },
    { method: "GET", path: `/v2${ACCEPTS}`, handler: (context) => listAccepts(designate, context) },
    { method: "GET", path: `/v2${ACCEPTS}/:transfer_id`, handler: (context) => showAccept(designate, context) },
  ];
}
