import type { Server, VmState } from "../../state/server.ts";
import { conflict } from "../../wire/errors.ts";
import type { NovaCall } from "../../wire/request.ts";

/** @throws Refusal 409 */
export function checkUnlocked({ actor }: NovaCall, server: Server): void {
  if (server.extras?.lock !== undefined && !actor.isAdmin) throw conflict(`Instance ${server.id} is locked`);
}

/** @throws Refusal 409 */
export function checkState(server: Server, verb: string, allowed: readonly VmState[], needsLaunch = true): void {
  const where = `Cannot '${verb}' instance ${server.id} while it is in`;
  if (!allowed.includes(server.vm)) throw conflict(`${where} vm_state ${server.vm}`);
  if (server.task !== null) throw conflict(`${where} task_state ${server.task}`);
  if (needsLaunch && server.launchedMs === 0) throw conflict(`Instance ${server.id} is not ready`);
}
