import type { NovaCall } from "../wire/request.ts";
import type { Server } from "./server.ts";

const ACTIONS_MAX = 100;

export function recordAction(call: NovaCall, server: Server, action: string): void {
  const { actor, requestId, nova } = call;
  const record = {
    action,
    requestId,
    userId: actor.userId,
    projectId: actor.projectId,
    startMs: nova.cloud.kernel.nowMs,
    finishMs: null,
    message: null,
  };
  server.actions = [...(server.actions ?? []), record].slice(-ACTIONS_MAX);
}

export interface InstanceAction {
  readonly action: string;
  readonly requestId: string;
  readonly userId: string;
  readonly projectId: string;
  readonly startMs: number;
  readonly finishMs: number | null;
  readonly message: string | null;
}

/** Newest first; the creation is not stored, it follows from the server. */
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
