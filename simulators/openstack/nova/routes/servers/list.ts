import type { HttpReply } from "../../../../kernel/index.ts";
import { newestFirst } from "../../state/in-order.ts";
import type { Server } from "../../state/server.ts";
import { badRequest, forbiddenByPolicy } from "../../wire/errors.ts";
import { isTrueWord } from "../../wire/formats.ts";
import { nextLink } from "../../wire/links.ts";
import { pageSize } from "../../wire/query.ts";
import { ok } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { flagIn, readFilters, type ServerFilter } from "./list-filters.ts";
import { readOrder } from "./list-order.ts";
import { sortBy } from "../../../paging.ts";

/** @throws Refusal 403 */
function serversInScope(call: NovaCall, rule: string): readonly Server[] {
  const { query, actor, nova } = call;
  const { servers, byProject, deletedServers: tombstones } = nova.slot.value;
  const isAll = query.has("all_tenants") && (query.get("all_tenants") === "" || flagIn(call, "all_tenants"));
  if (isAll && !actor.isAdmin) throw forbiddenByPolicy(`servers:${rule}:get_all_tenants`);
  const project = isAll ? (query.get("project_id") ?? query.get("tenant_id")) : actor.projectId;
  const live = project === null ? [...servers.values()] : [...(byProject.get(project)?.values() ?? [])];
  const wantsDead = query.has("changes-since") || (actor.isAdmin && isTrueWord(query.get("deleted") ?? "false"));
  if (!wantsDead) return live;
  const dead = [...tombstones.values()].filter(({ projectId }) => project === null || projectId === project);
  return query.has("changes-since") ? [...live, ...dead] : dead;
}

/** A page of servers; `rule` is the policy's name for this list. @throws Refusal 400, 403 */
export function listServers(
  call: NovaCall,
  path: string,
  rule: "index" | "detail",
  view: (server: Server) => object,
): HttpReply {
  const { query, nova } = call;
  const order = readOrder(call);
  const filters = readFilters(call);
  const newest = newestPage(call, filters);
  if (newest !== undefined) return pageReply(call, path, newest, view);
  const found = serversInScope(call, rule).filter((server) => filters.every((fits) => fits(server)));
  const marker = query.get("marker");
  const dead = marker === null ? undefined : nova.slot.value.deletedServers.get(marker);
  const isDeadMarker = dead !== undefined && dead.projectId === call.actor.projectId && !found.includes(dead);
  const sorted = sortBy(isDeadMarker ? [...found, dead] : found, order);
  const start = marker === null ? 0 : sorted.findIndex(({ id }) => id === marker) + 1;
  if (marker !== null && start === 0) throw badRequest(`marker [${marker}] not found`);
  return pageReply(call, path, sorted.slice(start, start + pageSize(call)), view);
}

/**
 * A page in the usual order, the newest first, read without the rest of the list; `undefined` where the query asks for more than that
 * (another order, deleted servers, a marker that is not on the list).
 */
function newestPage(call: NovaCall, filters: readonly ServerFilter[]): readonly Server[] | undefined {
  const { query, actor, nova } = call;
  if (SPECIAL.some((name) => query.has(name)) && !isPlainOfAll(call)) return undefined;
  const { inOrder, projectInOrder, servers } = nova.slot.value;
  const isAll = query.has("all_tenants");
  const items = isAll ? inOrder : (projectInOrder.get(actor.projectId) ?? []);
  const id = query.get("marker");
  const marker = id === null ? undefined : servers.get(id);
  if (id !== null && (marker === undefined || !(isAll || marker.projectId === actor.projectId))) return undefined;
  const fits = (server: Server): boolean => filters.every((each) => each(server));
  // A marker that the filters leave out is unknown.
  if (marker !== undefined && !fits(marker)) return undefined;
  return newestFirst(items, fits, pageSize(call), marker?.seq);
}

const ORDERED = ["sort_key", "sort_dir", "changes-since", "deleted"];
const SPECIAL = [...ORDERED, "all_tenants"];

/** Whether the query asks for the servers of all projects, in the usual order, and the caller may see them. */
const isPlainOfAll = (call: NovaCall): boolean =>
  call.actor.isAdmin &&
  [...ORDERED, "project_id", "tenant_id"].every((name) => !call.query.has(name)) &&
  (call.query.get("all_tenants") === "" || flagIn(call, "all_tenants"));

function pageReply(call: NovaCall, path: string, page: readonly Server[], view: (server: Server) => object): HttpReply {
  const last = page.at(-1);
  const more = call.query.has("limit") && page.length === pageSize(call) && last !== undefined;
  return ok({ servers: page.map(view), ...(more && { servers_links: nextLink(call, path, last.id) }) });
}
