import { quotaOf } from "../../state/quotas.ts";
import type { Server, VmState } from "../../state/server.ts";
import { conflict, forbidden } from "../../wire/errors.ts";
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

/** @throws Refusal 403 when the project's quota of metadata is smaller */
export function checkMetadataCount(
  { nova }: NovaCall,
  { projectId }: Pick<Server, "projectId">,
  next: Readonly<Record<string, string>>,
): void {
  const limit = quotaOf(nova, projectId, "metadata_items");
  if (limit >= 0 && Object.keys(next).length > limit)
    throw forbidden(`Maximum number of metadata items exceeds ${limit}`);
}
