import { empty, type HttpReply, json, queryOf } from "../../../kernel/index.ts";
import { controls } from "../../cloud.ts";
import { nextQuery, pageAfter, sortBy } from "../../paging.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { balancerOf, checkMutable, startChange } from "../behaviour/changes.ts";
import { checkDistinct, checkReferences, requireParent, requireRow } from "../behaviour/parents.ts";
import { addObject, projectFor } from "../behaviour/creation.ts";
import { KINDS, type KindName } from "../state/attributes.ts";
import { checkQuota } from "../state/quotas.ts";
import { type Octavia, type OctaviaRow, partsOf } from "../state/state.ts";
import { badRequest, conflict } from "../wire/errors.ts";
import { bodyOf, changedValues, newValues } from "../wire/values.ts";
import { viewOf } from "../wire/views.ts";
import { replaceMembers } from "./members.ts";
import { checkChoices } from "./offers.ts";
import { createGraph, GRAPH_MEMBERS } from "./graphs.ts";

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

const TAG_FILTERS = ["tags", "tags-any", "not-tags", "not-tags-any"];
const STEERING = new Set(["limit", "marker", "sort", "fields", "page_reverse", ...TAG_FILTERS]);

/** All of the tags, one of them, and neither: lists of names with commas between them. */
function fitsTags(value: unknown, query: URLSearchParams): boolean {
  const tags: readonly unknown[] = Array.isArray(value) ? value : [];
  return TAG_FILTERS.every((name) => {
    if (!query.has(name)) return true;
    const wanted = query.getAll(name).flatMap((each) => each.split(","));
    const isAny = name.endsWith("-any");
    const fits = isAny ? wanted.some((tag) => tags.includes(tag)) : wanted.every((tag) => tags.includes(tag));
    return name.startsWith("not-") ? !fits : fits;
  });
}

function list(octavia: Octavia, place: Place, context: RequestContext): HttpReply {
  const query = queryOf(context.request);
  const { collection } = KINDS[place.kind];
  const views = rowsAt(octavia, place, context)
    .map((row) => viewOf(octavia, row))
    .filter((view) => fitsTags(view.tags, query))
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

function create(octavia: Octavia, place: Place, context: RequestContext): HttpReply {
  const { actor, params } = context;
  const { kind, within } = place;
  const given = bodyOf(context, kind);
  if (kind === "loadbalancer" && GRAPH_MEMBERS.some((name) => given[name] !== undefined))
    return createGraph(octavia, context, given);
  const values = newValues(kind, given);
  const parent =
    within !== undefined
      ? requireRow(octavia, actor, within, params.parent ?? "")
      : kind === "loadbalancer"
        ? undefined
        : requireParent(octavia, actor, kind, values);
  const projectId = projectFor(actor, given, parent);
  if (parent !== undefined) {
    checkMutable(balancerOf(octavia, parent));
    checkDistinct(octavia, kind, parent, values);
  }
  checkReferences(octavia, actor, values);
  checkChoices(octavia, values);
  checkQuota(octavia, projectId, kind);
  const row = addObject(octavia, actor, { kind, parent, projectId, values });
  startChange(octavia, row, "create");
  return json(201, { [kind]: viewOf(octavia, row) });
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
        ...(place.kind === "member"
          ? [{ method: "PUT", path, handler: (context: RequestContext) => replaceMembers(octavia, context) }]
          : []),
        { method: "PUT", path: `${path}/:id`, handler: (context) => update(octavia, place, context) },
        { method: "DELETE", path: `${path}/:id`, handler: (context) => remove(octavia, place, context) },
      ];
    }),
  );
