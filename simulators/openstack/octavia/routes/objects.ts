import { empty, type HttpReply, json, queryOf } from "../../../kernel/index.ts";
import { controls } from "../../cloud.ts";
import { nextQuery, pageAfter, sortBy } from "../../paging.ts";
import { notSimulated } from "../../refusal.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { balancerOf, checkMutable, startChange } from "../behaviour/changes.ts";
import { checkDistinct, checkReferences, requireParent, requireRow } from "../behaviour/parents.ts";
import { takeVip } from "../behaviour/vip.ts";
import { KINDS, type KindName } from "../state/attributes.ts";
import { checkQuota } from "../state/quotas.ts";
import { addRow, type Octavia, type OctaviaRow, partsOf } from "../state/state.ts";
import { badRequest, conflict, forbidden } from "../wire/errors.ts";
import { bodyOf, changedValues, newValues, type Values } from "../wire/values.ts";
import { viewOf } from "../wire/views.ts";

/** The path of a kind of object, and the kind of which its objects are parts. */
interface Place {
  readonly kind: KindName;
  /** After `/lbaas`. */
  readonly path: string;
  /** The kind of object in the path before it. */
  readonly within?: KindName;
}

/** The collections of the API reference. */
const PLACES: readonly Place[] = [
  { kind: "loadbalancer", path: "/loadbalancers" },
  { kind: "listener", path: "/listeners" },
  { kind: "pool", path: "/pools" },
  { kind: "member", path: "/pools/:parent/members", within: "pool" },
  { kind: "healthmonitor", path: "/healthmonitors" },
  { kind: "l7policy", path: "/l7policies" },
  { kind: "rule", path: "/l7policies/:parent/rules", within: "l7policy" },
];

const PAGE_MAX = 1000;

/** Objects of a kind that the caller may see, within the parent in the path. */
function rowsAt(octavia: Octavia, { kind, within }: Place, { actor, params }: RequestContext): readonly OctaviaRow[] {
  const rows =
    within === undefined
      ? [...octavia.slot.value.rows.values()]
      : partsOf(octavia, requireRow(octavia, actor, within, params.parent ?? "").id);
  return rows.filter((row) => row.kind === kind && controls(actor, row));
}

const STEERING = new Set(["limit", "marker", "sort", "fields", "page_reverse"]);

function list(octavia: Octavia, place: Place, context: RequestContext): HttpReply {
  const query = queryOf(context.request);
  const { collection } = KINDS[place.kind];
  const views = rowsAt(octavia, place, context)
    .map((row) => viewOf(octavia, row))
    .filter((view) =>
      [...query].every(([name, value]) => STEERING.has(name) || (name in view && String(view[name]) === value)),
    );
  const keys = (query.get("sort") ?? "").split(",").filter((part) => part !== "");
  const sorted = sortBy(
    views,
    keys.map((part) => {
      const [name = "", dir] = part.split(":");
      return [(view) => String(view[name] ?? ""), dir === "desc" ? "desc" : "asc"] as const;
    }),
  );
  const limit = Math.min(PAGE_MAX, Number(query.get("limit") ?? PAGE_MAX)) || PAGE_MAX;
  const page = pageAfter(sorted, query.get("marker"), limit, ({ id }) => String(id));
  if (page === undefined) throw badRequest(`Marker ${query.get("marker")} not found`);
  const last = page.items.at(-1);
  const href = `${octavia.cloud.root("load-balancer", context.request)}${context.request.path}`;
  const next =
    page.hasMore && last !== undefined ? [{ rel: "next", href: `${href}?${nextQuery(query, String(last.id))}` }] : [];
  return json(200, { [collection]: page.items, [`${collection}_links`]: next });
}

/** The project of a new object: that of its parent. @throws Refusal 403 */
function projectFor({ actor }: RequestContext, given: Values, parent: OctaviaRow | undefined): string {
  const named = given.project_id ?? given.tenant_id;
  const projectId = parent?.projectId ?? (typeof named === "string" ? named : actor.projectId);
  if (projectId !== actor.projectId && !actor.isAdmin) throw forbidden();
  return projectId;
}

/** Parts that a load balancer may be created with. */
const NESTED = ["listeners", "pools"];

function create(octavia: Octavia, place: Place, context: RequestContext): HttpReply {
  const { actor, params } = context;
  const { kind, within } = place;
  const given = bodyOf(context, kind);
  if (kind === "loadbalancer" && NESTED.some((name) => given[name] !== undefined))
    throw notSimulated("load balancers that are created with their parts");
  const values = newValues(kind, given);
  const parent =
    within !== undefined
      ? requireRow(octavia, actor, within, params.parent ?? "")
      : kind === "loadbalancer"
        ? undefined
        : requireParent(octavia, actor, kind, values);
  const projectId = projectFor(context, given, parent);
  if (parent !== undefined) {
    checkMutable(balancerOf(octavia, parent));
    checkDistinct(octavia, kind, parent, values);
  }
  checkReferences(octavia, actor, values);
  checkQuota(octavia, projectId, kind);
  const row = addObject(octavia, context, { kind, parent, projectId, values });
  return json(201, { [kind]: viewOf(octavia, row) });
}

interface NewObject {
  readonly kind: KindName;
  readonly parent: OctaviaRow | undefined;
  readonly projectId: string;
  readonly values: Values;
}

function addObject(octavia: Octavia, { actor }: RequestContext, wanted: NewObject): OctaviaRow {
  const { kind, parent, projectId, values } = wanted;
  const id = octavia.cloud.uuid("octavia");
  const vip = kind === "loadbalancer" ? takeVip(octavia, actor, projectId, id, values) : {};
  const row: OctaviaRow = {
    id,
    seq: ++octavia.slot.value.made,
    kind,
    projectId,
    balancerId: parent?.balancerId ?? id,
    parentId: parent?.id ?? id,
    values: { ...values, ...vip },
    provisioning: "PENDING_CREATE",
    operating: "OFFLINE",
    createdMs: octavia.cloud.kernel.nowMs,
    updatedMs: null,
  };
  addRow(octavia, row);
  if (kind === "pool" && typeof values.listener_id === "string") {
    const listener = octavia.slot.value.rows.get(values.listener_id);
    if (listener !== undefined) listener.values = { ...listener.values, default_pool_id: id };
  }
  startChange(octavia, row, "create");
  return row;
}

const rowAt = (octavia: Octavia, { kind, within }: Place, { actor, params }: RequestContext): OctaviaRow => {
  const row = requireRow(octavia, actor, kind, params.id ?? "");
  if (within !== undefined && row.parentId !== params.parent) requireRow(octavia, actor, within, params.parent ?? "");
  return row;
};

function update(octavia: Octavia, place: Place, context: RequestContext): HttpReply {
  const values = changedValues(place.kind, bodyOf(context, place.kind));
  const row = rowAt(octavia, place, context);
  checkMutable(balancerOf(octavia, row));
  checkReferences(octavia, context.actor, { ...row.values, ...values });
  row.values = { ...row.values, ...values };
  row.updatedMs = octavia.cloud.kernel.nowMs;
  startChange(octavia, row, "update");
  return json(200, { [place.kind]: viewOf(octavia, row) });
}

/** Checks that an object may be deleted: not a pool that something sends to, nor a load balancer with parts. @throws Refusal 409 */
function checkUnused(octavia: Octavia, row: OctaviaRow, isCascade: boolean): void {
  const parts = partsOf(octavia, row.id);
  if (row.kind === "loadbalancer" && parts.length > 0 && !isCascade)
    throw conflict(`Cannot delete Load Balancer ${row.id} - it has children`);
  if (row.kind !== "pool") return;
  const policies = [...octavia.slot.value.rows.values()].filter(({ values }) => values.redirect_pool_id === row.id);
  if (policies.length > 0) throw conflict(`Pool ${row.id} is in use and cannot be deleted.`);
}

function remove(octavia: Octavia, place: Place, context: RequestContext): HttpReply {
  const row = rowAt(octavia, place, context);
  checkMutable(balancerOf(octavia, row));
  checkUnused(octavia, row, queryOf(context.request).get("cascade")?.toLowerCase() === "true");
  if (row.kind === "pool")
    for (const listener of partsOf(octavia, row.balancerId))
      if (listener.values.default_pool_id === row.id) listener.values = { ...listener.values, default_pool_id: null };
  startChange(octavia, row, "delete");
  return empty(204);
}

/** The routes of every kind of object, under both names of the version. */
export const objectRoutes = (octavia: Octavia): readonly OpenStackRoute[] =>
  ["/v2", "/v2.0"].flatMap((version) =>
    PLACES.flatMap((place): readonly OpenStackRoute[] => {
      const path = `${version}/lbaas${place.path}`;
      const show = (context: RequestContext): HttpReply =>
        json(200, { [place.kind]: viewOf(octavia, rowAt(octavia, place, context)) });
      return [
        { method: "GET", path, handler: (context) => list(octavia, place, context) },
        { method: "POST", path, handler: (context) => create(octavia, place, context) },
        { method: "GET", path: `${path}/:id`, handler: show },
        { method: "PUT", path: `${path}/:id`, handler: (context) => update(octavia, place, context) },
        { method: "DELETE", path: `${path}/:id`, handler: (context) => remove(octavia, place, context) },
      ];
    }),
  );
