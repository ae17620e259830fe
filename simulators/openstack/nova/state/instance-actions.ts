import type { NovaCall } from "../wire/request.ts";
import type { InstanceAction, Server } from "./server.ts";

/** How many actions a server remembers; the oldest go first. */
const ACTIONS_MAX = 100;

/** Adds an action to the server's list (`os-instance-actions`). */
export function addInstanceAction({ actor, requestId, nova }: NovaCall, server: Server, action: string): void {
  const added: InstanceAction = {
    action,
    requestId,
    userId: actor.userId,
    projectId: actor.projectId,
    startMs: nova.cloud.kernel.nowMs,
    finishMs: null,
    message: null,
  };
  server.actions = [...(server.actions ?? []), added].slice(-ACTIONS_MAX);
}

/** The actions of a server, newest first; the creation is not stored, as it follows from the server. */
export function instanceActionsOf(server: Server): readonly InstanceAction[] {
  const creation: InstanceAction = {
    action: "create",
    requestId: server.requestId,
    userId: server.userId,
    projectId: server.projectId,
    startMs: server.createdMs,
    finishMs: server.launchedMs === 0 ? null : server.launchedMs,
    message: server.vm === "error" && server.launchedMs === 0 ? "Error" : null,
  };
  return [creation, ...(server.actions ?? [])].reverse();
}
