import type { HttpReply } from "../../../kernel/index.ts";
import { instanceActionsOf } from "../state/instance-actions.ts";
import type { InstanceAction, Server } from "../state/server.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import { nextQuery } from "../../paging.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { requireServer, requireServerOnce } from "./servers/require-server.ts";
import { storedTime } from "../../time.ts";

const actionView = (server: Server, version: number, each: InstanceAction): object => ({
  action: each.action,
  instance_uuid: server.id,
  request_id: each.requestId,
  user_id: each.userId,
  project_id: each.projectId,
  start_time: storedTime(each.startMs),
  message: each.message,
  ...(version >= 58 && { updated_at: storedTime(each.finishMs ?? each.startMs) }),
});

/** How many entries a list has at most. */
const LIST_MAX = 1000;

const EVENTS: Readonly<Record<string, string>> = { create: "compute__do_build_and_run_instance" };

function eventsOf({ actor, version }: NovaCall, server: Server, each: InstanceAction): object {
  if (!actor.isAdmin && version < 51) return {};
  const event = {
    event: EVENTS[each.action] ?? `compute_${each.action}_instance`,
    start_time: storedTime(each.startMs),
    finish_time: each.finishMs === null ? null : storedTime(each.finishMs),
    result: each.finishMs === null ? null : "Success",
    ...(actor.isAdmin && { traceback: null }),
    ...(version >= 62 && { hostId: "", ...(actor.isAdmin && { host: server.host }) }),
    ...(version >= 84 && { details: null }),
  };
  return { events: [event] };
}

/** From 2.21 on, the actions of a server are shown even when it is gone. */
const serverOf = (call: NovaCall): Server => (call.version >= 21 ? requireServerOnce(call) : requireServer(call));

function showAction(call: NovaCall): HttpReply {
  const server = serverOf(call);
  const each = instanceActionsOf(server).find(({ requestId }) => requestId === call.params.request);
  if (each === undefined) throw notFound(`Action ${call.params.request} not found`);
  return ok({ instanceAction: { ...actionView(server, call.version, each), ...eventsOf(call, server, each) } });
}

const changedMs = ({ startMs, finishMs }: InstanceAction): number => finishMs ?? startMs;

/** From 2.58 on a page of the list, of those that changed since; from 2.66 on also before. @throws Refusal 400 for an unknown marker */
function listActions(call: NovaCall): HttpReply {
  const { query, version } = call;
  const server = serverOf(call);
  const all = instanceActionsOf(server);
  const viewAll = (rows: readonly InstanceAction[]): readonly object[] =>
    rows.map((each) => actionView(server, version, each));
  if (version < 58) return ok({ instanceActions: viewAll(all) });
  const since = Date.parse(query.get("changes-since") ?? "");
  const before = version < 66 ? Number.NaN : Date.parse(query.get("changes-before") ?? "");
  const found = all.filter((each) => !(changedMs(each) < since) && !(changedMs(each) > before));
  const marker = query.get("marker");
  const at = marker === null ? -1 : found.findIndex(({ requestId }) => requestId === marker);
  if (marker !== null && at < 0) throw badRequest(`Marker ${marker} could not be found.`);
  const limit = Math.min(Number(query.get("limit") ?? LIST_MAX), LIST_MAX);
  const page = found.slice(at + 1, at + 1 + limit);
  const last = page.at(-1);
  const hasMore = last !== undefined && page.length === limit && found.length > at + 1 + limit;
  const next = hasMore && {
    links: [
      {
        rel: "next",
        href: `${call.base}/servers/${server.id}/os-instance-actions?${nextQuery(query, last.requestId)}`,
      },
    ],
  };
  return ok({ instanceActions: viewAll(page), ...next });
}

/** Routes of the API reference, "Servers actions (os-instance-actions)". */
export const INSTANCE_ACTION_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/servers/:id/os-instance-actions",
    clients: ["openstack"],
    handler: listActions,
  },
  {
    method: "GET",
    path: "/servers/:id/os-instance-actions/:request",
    clients: ["openstack"],
    handler: showAction,
  },
];
