import { type OperationContext, planOf } from "../operations/context.ts";

/** How often data guard looks for VMs that were recreated without its knowledge. */
export const WATCH_MS = 600_000;

/**
 * A director that resurrects a VM gives it a new port without the broker's knowledge: until that port has the instance's group, the instance is
 * closed to its bindings. Looks for such ports once, and puts the group on them. It creates no group and writes no record, so it may run beside an
 * operation.
 *
 * @throws BackendError, FinalError when it could not finish; the next look will
 */
export async function restoreGuards(context: OperationContext): Promise<void> {
  const { store, guard, deployer } = context;
  const deployed = (await store.instances()).filter(({ state }) => state === "ready" || state === "broken");
  if (deployed.length === 0) return;
  const busy = new Set((await store.openOperations()).map(({ instance_id: id }) => id));
  const guarded = await guard.guardedPorts();
  for (const instance of deployed) {
    if (busy.has(instance.id) || guarded.get(instance.id) === planOf(context, instance.plan_id).nodes) continue;
    const vms = await deployer.vms(instance.deployment);
    await guard.reprotect(
      instance.id,
      vms.flatMap(({ cid }) => cid ?? []),
    );
  }
}
