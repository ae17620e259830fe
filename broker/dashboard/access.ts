import type { OperationContext } from "../operations/context.ts";
import type { Permission, Platform } from "./platform.ts";
import type { DashboardSession } from "./sessions.ts";

/** How long a platform's yes is cached, in ms: a revoked role still works for that long. A no is never cached. */
const CHECKUP_MS = 10_000;
/** How many answers are kept at once, at most. */
const KEPT_MAX = 10_000;

/** Says whether a session may manage an instance. @throws BackendError while the platform can't be asked */
export type MayManage = (session: DashboardSession, instanceId: string) => Promise<Permission>;

/** @param checkupMs for how long a yes counts. Default: 10 s */
export function createAccess({ host }: OperationContext, platform: Platform, checkupMs = CHECKUP_MS): MayManage {
  const untilMs = new Map<string, number>();
  return async (session, instanceId) => {
    const key = `${session.id} ${instanceId}`;
    if ((untilMs.get(key) ?? 0) > host.nowMs()) return "manage";
    untilMs.delete(key);
    const permission = await platform.permission(session.token, instanceId);
    if (permission !== "manage") return permission;
    // The oldest answer goes first.
    if (untilMs.size >= KEPT_MAX) for (const first of [...untilMs.keys()].slice(0, 1)) untilMs.delete(first);
    untilMs.set(key, host.nowMs() + checkupMs);
    return "manage";
  };
}
