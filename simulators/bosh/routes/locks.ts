import { type HttpReply, json } from "../../kernel/index.ts";
import type { Lock } from "../state/tasks.ts";
import type { RequestContext } from "../wire/context.ts";
import { type DirectorRoute, route } from "../wire/route.ts";

/** A lock is named `lock:TYPE:RESOURCE…`. Its time is shown in seconds, to the microsecond. */
function lockView({ name, timeoutMs, taskId }: Lock): object {
  const [, type, ...resource] = name.split(":");
  const timeout = `${Math.floor(timeoutMs / 1000)}.${String(timeoutMs % 1000).padStart(3, "0")}000`;
  return { type, resource, timeout, task_id: String(taskId) };
}

const list = ({ director }: RequestContext): HttpReply =>
  json(200, [...director.slot.value.locks.values()].map(lockView));

/** The routes of /locks. */
export const LOCKS: readonly DirectorRoute[] = [route("GET", "/locks", { needs: "read" }, list)];
