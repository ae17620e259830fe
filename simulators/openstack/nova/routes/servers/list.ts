import type { HttpReply } from "../../../../kernel/index.ts";
import type { Server } from "../../state/server.ts";
import { badRequest, forbiddenByPolicy } from "../../wire/errors.ts";
import { isTrueWord } from "../../wire/formats.ts";
import { nextLink } from "../../wire/links.ts";
import { pageSize } from "../../wire/query.ts";
import { ok } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { flagIn, readFilters } from "./list-filters.ts";
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
  const found = serversInScope(call, rule).filter((server) => filters.every((fits) => fits(server)));
  const marker = query.get("marker");
  const dead = marker === null ? undefined : nova.slot.value.deletedServers.get(marker);
  const isDeadMarker = dead !== undefined && dead.projectId === call.actor.projectId && !found.includes(dead);
  const sorted = sortBy(isDeadMarker ? [...found, dead] : found, order);
  const start = marker === null ? 0 : sorted.findIndex(({ id }) => id === marker) + 1;
  if (marker !== null && start === 0) throw badRequest(`marker [${marker}] not found`);
  const limit = pageSize(call);
  const page = sorted.slice(start, start + limit);
  const last = page.at(-1);
  const more = query.has("limit") && page.length === limit && last !== undefined;
  return ok({ servers: page.map(view), ...(more && { servers_links: nextLink(call, path, last.id) }) });
}
