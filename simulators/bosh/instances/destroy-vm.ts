import type { Body } from "../../kernel/index.ts";
import { stopJobs } from "../agent/behaviours.ts";
import { releaseAddress } from "../deploy/addresses.ts";
import { audit, withAudit } from "../events/audit.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { OrphanVm } from "../state/orphans.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import type { VmOwner } from "./boot.ts";
import { detachDisks } from "./disk.ts";
import { ownerOf } from "./names.ts";
import { VM_LOCK_MS } from "./vm-lock.ts";

/** Deletes a VM that no instance will have; records it as an orphan if that fails. */
export function* abandonVm(director: Director, task: Task, owner: VmOwner, cid: string, ips: readonly string[]): Body {
  try {
    yield* destroyVm(director, task, owner, cid);
  } catch {
    recordOrphan(director, { cid, az: "", ...owner, ips });
  }
}

function recordOrphan(director: Director, orphan: Omit<OrphanVm, "orphanedMs">): void {
  const { cid, deployment, instance } = orphan;
  director.slot.value.orphanVms.set(cid, { ...orphan, orphanedMs: director.kernel.nowMs });
  director.kernel.record("bosh", "vm.orphan", cid, { deployment, instance });
}

/** Leaves a VM of an instance to the sweep; it keeps its addresses until then. */
export function orphanVm(
  director: Director,
  task: Task,
  instance: Instance,
  cid: string,
  ips: readonly string[],
): void {
  const what = { action: "orphan", type: "vm", name: cid, ...ownerOf(instance) };
  const parent = audit(director, task, what);
  recordOrphan(director, { cid, az: instance.az, ...ownerOf(instance), ips: ips.filter((ip) => ip !== "") });
  audit(director, task, { ...what, parent });
}

/** Deletes the second VM of an instance, if it has one. */
export function* deleteStandby(director: Director, task: Task, instance: Instance): Body {
  const { standby } = instance;
  if (standby === null) return;
  yield* destroyVm(director, task, ownerOf(instance), standby.vm.cid);
  instance.standby = null;
  for (const { ip } of standby.networks) releaseAddress(director, ip);
}

/** Calls delete_vm under the VM's lock. */
export function* destroyVm(director: Director, task: Task, owner: VmOwner, cid: string): Body {
  yield* withAudit(
    director,
    task,
    { action: "delete", type: "vm", name: cid, ...owner },
    withLock(director, task, `lock:vm:${cid}`, { waitMs: VM_LOCK_MS }, director.cpi.deleteVm(cid)),
  );
  director.kernel.record("bosh", "vm.delete", cid, { ...owner });
}

/** Deletes the VM of an instance, with its jobs, and forgets it. */
export function* deleteVm(director: Director, task: Task, instance: Instance): Body {
  const { vm } = instance;
  if (vm === null) return;
  stopJobs(director.behaviours, instance, true);
  yield* destroyVm(director, task, ownerOf(instance), vm.cid);
  forgetVm(instance);
}

/** Deletes the record of a VM, and of what was applied to it. */
export function forgetVm(instance: Instance): void {
  instance.vm = null;
}

/** Unmounts and detaches the disk, then deletes the VM. */
export function* detachAndDelete(director: Director, task: Task, instance: Instance): Body {
  yield* detachDisks(director, instance);
  yield* deleteVm(director, task, instance);
}
