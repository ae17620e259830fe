import { bodyText, type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../common/refusal.ts";
import type { Context, OpenStackRoute } from "../../common/service.ts";
import { isoMicros } from "../../common/time.ts";
import { bodyOf, integer } from "../wire/fields.ts";
import { LIMIT_MAX, listReply } from "../wire/lists.ts";
import {
  base,
  type Designate,
  forbidden,
  idIn,
  type ImportRow,
  invalidValue,
  limitOf,
  notSimulated,
  POOL_ID,
  projectOf,
  QUOTAS,
  type Resource,
  sees,
} from "../state.ts";
import { refuseUnmodelled } from "../wire/wire.ts";

const UPDATED = "2022-06-29T00:00:00Z";
const NAME_LENGTH_MAX = 255;

function versions(context: Context): HttpReply {
  const links = [
    { href: base(context), rel: "self" },
    { href: "https://docs.openstack.org/api-ref/dns", rel: "help" },
  ];
  const version = (id: string, status: string): object => ({ id, status, updated: UPDATED, links });
  return json(200, { versions: [version("v2", "SUPPORTED"), version("v2.0", "CURRENT")] });
}

function limits(designate: Designate, context: Context): HttpReply {
  const limit = (resource: Resource): number => limitOf(designate, projectOf(context), resource);
  return json(200, {
    max_zones: limit("zones"),
    max_zone_recordsets: limit("zone_recordsets"),
    max_zone_records: limit("zone_records"),
    max_recordset_records: limit("recordset_records"),
    min_ttl: null,
    max_zone_name_length: NAME_LENGTH_MAX,
    max_recordset_name_length: NAME_LENGTH_MAX,
    max_page_limit: LIMIT_MAX,
  });
}

const quotaView = (designate: Designate, project: string): Record<string, number> =>
  Object.fromEntries(
    (Object.keys(QUOTAS) as Resource[]).map((resource) => [resource, limitOf(designate, project, resource)]),
  );

function setQuotas(designate: Designate, context: Context): HttpReply {
  const project = context.params.project_id ?? "";
  const body = bodyOf(context, "quota", [...Object.keys(QUOTAS), ...Object.keys(jsonKeys(context))]);
  const wanted = Object.entries(body).map(([name, value]) => {
    if (!Object.hasOwn(QUOTAS, name)) throw invalidValue(`Field value ${name} is invalid`);
    return [name, integer(value)] as const;
  });
  const { quotas } = designate.slot.value;
  quotas.set(project, { ...quotas.get(project), ...Object.fromEntries(wanted) });
  return json(200, quotaView(designate, project));
}

/** Quotas refuse unknown names one by one, not as keys of an object. */
function jsonKeys({ request }: Context): object {
  try {
    return Object(JSON.parse(bodyText(request))) as object;
  } catch {
    return {};
  }
}

const forAdmins =
  (handler: OpenStackRoute["handler"]): OpenStackRoute["handler"] =>
  (context) => {
    if (!context.actor.isAdmin) throw forbidden();
    return handler(context);
  };

function quotaRoutes(designate: Designate): readonly OpenStackRoute[] {
  const path = "/v2/quotas/:project_id";
  return [
    {
      method: "GET",
      path: "/v2/quotas",
      handler: (context) => json(200, quotaView(designate, projectOf(context))),
    },
    {
      method: "GET",
      path,
      handler: (context) => {
        const project = context.params.project_id ?? "";
        if (project !== context.actor.projectId && !context.actor.isAdmin) throw forbidden();
        return json(200, quotaView(designate, project));
      },
    },
    { method: "PATCH", path, handler: forAdmins((context) => setQuotas(designate, context)) },
    {
      method: "DELETE",
      path,
      handler: forAdmins(({ params }) => {
        designate.slot.value.quotas.delete(params.project_id ?? "");
        return { status: 204 };
      }),
    },
  ];
}

const importView = (context: Context, row: ImportRow): object => ({
  id: row.id,
  status: row.status,
  message: row.message,
  zone_id: null,
  project_id: row.projectId,
  created_at: isoMicros(row.createdMs),
  updated_at: row.updatedMs === null ? null : isoMicros(row.updatedMs),
  version: row.version,
  links: { self: `${base(context)}/zones/tasks/imports/${row.id}` },
});

const IMPORT_MS = 1_000;

/** Zone files are not read: an import ends in an error that says so. */
function importZone(designate: Designate, context: Context): HttpReply {
  const { kernel } = designate.cloud;
  const isZone = /\bSOA\b/.test(bodyText(context.request));
  const row: ImportRow = {
    id: designate.cloud.uuid("designate"),
    projectId: projectOf(context),
    status: "PENDING",
    message: null,
    version: 1,
    createdMs: kernel.nowMs,
    updatedMs: null,
  };
  designate.slot.value.imports.set(row.id, row);
  const message = isZone ? "not simulated: the import of zone files" : "Malformed zonefile.";
  kernel.timer(kernel.work(IMPORT_MS), "designate/imported", { id: row.id, message });
  const view = importView(context, row);
  return json(202, view, { Location: `${base(context)}/zones/tasks/imports/${row.id}` });
}

export function installImports(designate: Designate): void {
  const { kernel } = designate.cloud;
  kernel.onTimer<{ id: string; message: string }>("designate/imported", ({ id, message }) => {
    const row = designate.slot.value.imports.get(id);
    if (row !== undefined) Object.assign(row, { status: "ERROR", message, version: 2, updatedMs: kernel.nowMs });
  });
}

function importOf(designate: Designate, context: Context): ImportRow {
  const row = designate.slot.value.imports.get(idIn(context, "import_id"));
  if (row === undefined || !sees(context, row.projectId))
    throw new Refusal(404, "zone_import_not_found", "Could not find ZoneImport");
  return row;
}

function taskRoutes(designate: Designate): readonly OpenStackRoute[] {
  const imports = "/v2/zones/tasks/imports";
  const zone = "/v2/zones/:zone_id/tasks";
  const noTransfers = (context: Context): HttpReply =>
    json(200, { transfer_requests: [], links: { self: `${base(context)}/zones/tasks/transfer_requests` } });
  const none = { rows: [], view: () => ({}), keys: { status: () => "", message: () => "" } };
  return [
    { method: "GET", path: "/v2/zones/tasks/transfer_requests", handler: noTransfers },
    { method: "POST", path: "/v2/zones/tasks/transfer_accepts", handler: refuseUnmodelled("transfers of zones") },
    { method: "POST", path: `${zone}/transfer_requests`, handler: refuseUnmodelled("transfers of zones") },
    { method: "POST", path: `${zone}/export`, handler: refuseUnmodelled("exports of zones") },
    { method: "POST", path: `${zone}/xfr`, handler: refuseUnmodelled("transfers from other name servers") },
    { method: "POST", path: `${zone}/abandon`, handler: forAdmins(refuseUnmodelled("abandoning a zone")) },
    { method: "POST", path: `${zone}/pool_move`, handler: forAdmins(refuseUnmodelled("several pools")) },
    {
      method: "GET",
      path: "/v2/zones/tasks/exports",
      handler: (context) => listReply(context, { member: "exports", path: "/zones/tasks/exports", ...none }),
    },
    {
      method: "GET",
      path: imports,
      handler: (context) =>
        listReply(context, {
          member: "imports",
          path: "/zones/tasks/imports",
          rows: [...designate.slot.value.imports.values()].filter(({ projectId }) => sees(context, projectId)),
          view: (row) => importView(context, row),
          keys: { status: ({ status }) => status, message: (row) => row.message },
        }),
    },
    { method: "POST", path: imports, handler: (context) => importZone(designate, context) },
    {
      method: "GET",
      path: `${imports}/:import_id`,
      handler: (context) => json(200, importView(context, importOf(designate, context))),
    },
    {
      method: "DELETE",
      path: `${imports}/:import_id`,
      handler: (context) => {
        designate.slot.value.imports.delete(importOf(designate, context).id);
        return { status: 204 };
      },
    },
  ];
}

/** What only administrators see. There is one pool; the other lists are empty. */
function adminRoutes(designate: Designate): readonly OpenStackRoute[] {
  const startMs = designate.cloud.kernel.nowMs;
  const empties = ["blacklists", "tsigkeys"];
  const pool = (context: Context): object => ({
    id: POOL_ID,
    name: "default",
    description: "Default Pool",
    attributes: {},
    ns_records: [{ hostname: "ns1.example.org.", priority: 1 }],
    project_id: null,
    created_at: isoMicros(startMs),
    updated_at: null,
    links: { self: `${base(context)}/pools/${POOL_ID}` },
  });
  const listOf = (member: string, rows: readonly object[]): OpenStackRoute => ({
    method: "GET",
    path: `/v2/${member}`,
    handler: forAdmins((context) =>
      json(200, {
        [member]: rows,
        links: { self: `${base(context)}/${member}` },
        metadata: { total_count: rows.length },
      }),
    ),
  });
  return [
    ...empties.flatMap((member): OpenStackRoute[] => [
      listOf(member, []),
      { method: "POST", path: `/v2/${member}`, handler: forAdmins(refuseUnmodelled(member)) },
    ]),
    listOf("service_statuses", []),
    {
      method: "GET",
      path: "/v2/pools",
      handler: forAdmins((context) =>
        json(200, {
          pools: [pool(context)],
          links: { self: `${base(context)}/pools` },
          metadata: { total_count: 1 },
        }),
      ),
    },
    {
      method: "GET",
      path: "/v2/pools/:pool_id",
      handler: forAdmins((context) => {
        if (context.params.pool_id !== POOL_ID) throw new Refusal(404, "pool_not_found", "Could not find Pool");
        return json(200, pool(context));
      }),
    },
  ];
}

/** Pointers of floating addresses: shown without names, as none can be set. */
function reverse(context: Context): HttpReply {
  const { cloud, actor } = context;
  const floatingips = cloud.ports.floatingIps(actor).map(({ id, ip }) => ({
    id: `${cloud.region}:${id}`,
    ptrdname: null,
    description: null,
    ttl: null,
    address: ip,
    status: null,
    action: null,
    links: { self: `${base(context)}/reverse/floatingips/${cloud.region}:${id}` },
  }));
  return json(200, { floatingips, links: { self: `${base(context)}/reverse/floatingips` } });
}

export const surfaceRoutes = (designate: Designate): readonly OpenStackRoute[] => [
  { method: "GET", path: "/", open: true, clients: ["openstack"], handler: versions },
  { method: "GET", path: "/v2/limits", handler: (context) => limits(designate, context) },
  { method: "GET", path: "/v2/reverse/floatingips", handler: reverse },
  {
    method: "PATCH",
    path: "/v2/reverse/floatingips/:id",
    handler: () => {
      throw notSimulated("names of floating addresses");
    },
  },
  ...quotaRoutes(designate),
  ...taskRoutes(designate),
  ...adminRoutes(designate),
];
