import { bodyText, type HttpReply, json } from "../../../kernel/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { startImport } from "../behaviour/imports.ts";
import type { Designate, ZoneImportRow } from "../state/state.ts";
import { notFound, unsupportedType } from "../wire/errors.ts";
import { listReply } from "../wire/lists.ts";
import { canSee, idIn, projectOf, rootOf, type View } from "../wire/request.ts";
import { dateMembers } from "../wire/views.ts";

const PATH = "/zones/tasks/imports";

const linkTo = (context: RequestContext, { id }: ZoneImportRow): string => `${rootOf(context)}${PATH}/${id}`;

const view = (context: RequestContext, row: ZoneImportRow): View => ({
  id: row.id,
  status: row.status,
  message: row.message,
  zone_id: row.zoneId,
  project_id: row.projectId,
  ...dateMembers(row),
  version: row.version,
  links: { self: linkTo(context, row) },
});

function requireImport({ slot }: Designate, context: RequestContext): ZoneImportRow {
  const row = slot.value.imports.get(idIn(context, "import_id"));
  if (row === undefined || !canSee(context, row.projectId)) throw notFound("zone_import_not_found", "ZoneImport");
  return row;
}

function create(designate: Designate, context: RequestContext): HttpReply {
  if (!/^text\/dns\s*(;|$)/.test(context.request.headers["content-type"] ?? "")) throw unsupportedType("text/dns");
  const row = startImport(designate, projectOf(context), bodyText(context.request), context.actor.isAdmin);
  return json(202, view(context, row), { Location: linkTo(context, row) });
}

const list = ({ slot }: Designate, context: RequestContext): HttpReply =>
  listReply(context, {
    member: "imports",
    path: PATH,
    rows: [...slot.value.imports.values()].filter(({ projectId }) => canSee(context, projectId)),
    view: (row) => view(context, row),
    filters: { status: ({ status }) => status, message: ({ message }) => message, zone_id: ({ zoneId }) => zoneId },
  });

/** `/v2/zones/tasks/imports` */
export const zoneImportRoutes = (designate: Designate): readonly OpenStackRoute[] => [
  { method: "GET", path: `/v2${PATH}`, handler: (context) => list(designate, context) },
  { method: "POST", path: `/v2${PATH}`, handler: (context) => create(designate, context) },
  {
    method: "GET",
    path: `/v2${PATH}/:import_id`,
    handler: (context) => json(200, view(context, requireImport(designate, context))),
  },
  {
    method: "DELETE",
    path: `/v2${PATH}/:import_id`,
    handler: (context) => {
      designate.slot.value.imports.delete(requireImport(designate, context).id);
      return { status: 204 };
    },
  },
];
