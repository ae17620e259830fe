import { type HttpReply, json } from "../../../kernel/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { startExport } from "../behaviour/imports.ts";
import { type Designate, recordsetsOf, type ZoneExportRow, type ZoneRow } from "../state/state.ts";
import { notFound } from "../wire/errors.ts";
import { listReply } from "../wire/lists.ts";
import { canSee, idIn, projectOf, requireZone, rootOf, type View } from "../wire/request.ts";
import { dateMembers } from "../wire/views.ts";

const PATH = "/zones/tasks/exports";

const linkTo = (context: RequestContext, { id }: ZoneExportRow): string => `${rootOf(context)}${PATH}/${id}`;

const view = (context: RequestContext, row: ZoneExportRow): View => ({
  id: row.id,
  status: row.status,
  message: null,
  location: row.status === "COMPLETE" ? `designate://v2/zones/tasks/exports/${row.id}/export` : null,
  zone_id: row.zoneId,
  project_id: row.projectId,
  ...dateMembers(row),
  version: row.version,
  links: {
    self: linkTo(context, row),
    ...(row.status === "COMPLETE" && { export: `${linkTo(context, row)}/export` }),
  },
});

/** @throws Refusal 400, 404 */
function requireExport({ slot }: Designate, context: RequestContext): ZoneExportRow {
  const row = slot.value.exports.get(idIn(context, "export_id"));
  if (row === undefined || !canSee(context, row.projectId)) throw notFound("zone_export_not_found", "ZoneExport");
  return row;
}

function create(designate: Designate, context: RequestContext): HttpReply {
  const zone = requireZone(designate, context);
  const row: ZoneExportRow = {
    id: designate.cloud.uuid("designate"),
    zoneId: zone.id,
    projectId: projectOf(context),
    status: "PENDING",
    version: 1,
    createdMs: designate.cloud.kernel.nowMs,
    updatedMs: null,
  };
  startExport(designate, row);
  designate.cloud.kernel.record("designate", "zone.export", row.id, { zone: zone.id });
  return json(202, view(context, row), { Location: linkTo(context, row) });
}

const list = ({ slot }: Designate, context: RequestContext): HttpReply =>
  listReply(context, {
    member: "exports",
    path: PATH,
    rows: [...slot.value.exports.values()].filter(({ projectId }) => canSee(context, projectId)),
    view: (row) => view(context, row),
    filters: { status: ({ status }) => status, message: () => null, zone_id: ({ zoneId }) => zoneId },
  });

function zoneFile(designate: Designate, { id, name, ttl }: ZoneRow): string {
  const lines = recordsetsOf(designate, id).flatMap((row) =>
    row.records.map((record) => `${row.name} ${row.ttl === null ? "" : `${row.ttl} `}IN ${row.type} ${record}`),
  );
  return [`$ORIGIN ${name}`, `$TTL ${ttl}`, "", ...lines, ""].join("\n");
}

/** The zone as it is now, as a zone file. */
function download(designate: Designate, context: RequestContext): HttpReply {
  const zone = designate.slot.value.zones.get(requireExport(designate, context).zoneId);
  if (zone === undefined) throw notFound("zone_not_found", "Zone");
  return { status: 200, headers: { "Content-Type": "text/dns" }, body: zoneFile(designate, zone) };
}

/** `/v2/zones/tasks/exports` */
export const zoneExportRoutes = (designate: Designate): readonly OpenStackRoute[] => [
  { method: "POST", path: "/v2/zones/:zone_id/tasks/export", handler: (context) => create(designate, context) },
  { method: "GET", path: `/v2${PATH}`, handler: (context) => list(designate, context) },
  {
    method: "GET",
    path: `/v2${PATH}/:export_id`,
    handler: (context) => json(200, view(context, requireExport(designate, context))),
  },
  { method: "GET", path: `/v2${PATH}/:export_id/export`, handler: (context) => download(designate, context) },
  {
    method: "DELETE",
    path: `/v2${PATH}/:export_id`,
    handler: (context) => {
      designate.slot.value.exports.delete(requireExport(designate, context).id);
      return { status: 204 };
    },
  },
];
