import type { HttpReply } from "../../../../kernel/index.ts";
import { sortedBy } from "../../../common/page.ts";
import type { Server } from "../../state/server.ts";
import { badRequest, denied } from "../../wire/errors.ts";
import { isTrue } from "../../wire/formats.ts";
import { nextLink } from "../../wire/links.ts";
import { checkQuery, limitOf } from "../../wire/query.ts";
import { ok } from "../../wire/replies.ts";
import type { Call } from "../../wire/request.ts";
import { filtersOf } from "./list-filters.ts";
import { orderOf } from "./list-order.ts";
import { queryOf } from "./list-query.ts";

/** @throws Refusal 403 */
function ownersOf(call: Call, rule: string): readonly Server[] {
  const { query, actor, nova } = call;
  const { servers, byProject, tombstones } = nova.slot.value;
  const isAll = query.has("all_tenants") && isTrue(query.get("all_tenants") === "" ? "1" : query.get("all_tenants"));
  if (isAll && !actor.isAdmin) throw denied(`servers:${rule}:get_all_tenants`);
  const project = isAll ? (query.get("project_id") ?? query.get("tenant_id")) : actor.projectId;
  const live = project === null ? [...servers.values()] : [...(byProject.get(project)?.values() ?? [])];
  const wantsDead = query.has("changes-since") || (actor.isAdmin && isTrue(query.get("deleted") ?? "false"));
  if (!wantsDead) return live;
  const dead = [...tombstones.values()].filter(({ projectId }) => project === null || projectId === project);
  return query.has("changes-since") ? [...live, ...dead] : dead;
}

/** A page of servers; `rule` is the policy's word for this list. @throws Refusal 400, 403 */
export function list(call: Call, path: string, rule: "index" | "detail", view: (server: Server) => object): HttpReply {
  const { query, nova } = call;
  checkQuery(call, queryOf(call.version), 75);
  const order = orderOf(call);
  const filters = filtersOf(call);
  const found = ownersOf(call, rule).filter((server) => filters.every((fits) => fits(server)));
  const marker = query.get("marker");
  const dead = marker === null ? undefined : nova.slot.value.tombstones.get(marker);
  const isDeadMarker = dead !== undefined && dead.projectId === call.actor.projectId && !found.includes(dead);
  const sorted = sortedBy(isDeadMarker ? [...found, dead] : found, order);
  const start = marker === null ? 0 : sorted.findIndex(({ id }) => id === marker) + 1;
  if (marker !== null && start === 0) throw badRequest(`marker [${marker}] not found`);
  const limit = limitOf(call);
  const page = sorted.slice(start, start + limit);
  const last = page.at(-1);
  const more = query.has("limit") && page.length === limit && last !== undefined;
  return ok({ servers: page.map(view), ...(more && { servers_links: nextLink(call, path, last.id) }) });
}
