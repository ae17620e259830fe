import type { HttpReply } from "../../../kernel/index.ts";
import { instanceActionsOf } from "../state/instance-actions.ts";
import type { InstanceAction, Server } from "../state/server.ts";
import { notFound } from "../wire/errors.ts";
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

/** Routes of the API reference, "Servers actions (os-instance-actions)". */
export const INSTANCE_ACTION_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/servers/:id/os-instance-actions",
    clients: ["openstack"],
    handler: (call) => {
      const server = serverOf(call);
      return ok({ instanceActions: instanceActionsOf(server).map((each) => actionView(server, call.version, each)) });
    },
  },
  {
    method: "GET",
    path: "/servers/:id/os-instance-actions/:request",
    clients: ["openstack"],
    handler: showAction,
  },
];
