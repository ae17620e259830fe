import type { Body } from "../../kernel/index.ts";
import { stopJobs } from "../agent/behaviours.ts";
import { callAgent } from "../agent/calls.ts";
import { withAudit } from "../events/audit.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import type { VmOwner } from "./boot.ts";
import { ownerOf } from "./names.ts";

/** Deletes a VM that no instance will have; if that fails, it is recorded as an orphan. */
export function* abandonVm(director: Director, task: Task, owner: VmOwner, cid: string, ips: readonly string[]): Body {
  try {
    yield* destroyVm(director, task, owner, cid);
  } catch {
    const orphanedMs = director.kernel.nowMs;
    director.slot.value.orphanVms.set(cid, { cid, az: "", ...owner, ips, orphanedMs });
    director.kernel.record("bosh", "vm.orphan", cid, { ...owner });
  }
}

/** delete_vm under the VM's lock. */
export function* destroyVm(director: Director, task: Task, owner: VmOwner, cid: string): Body {
  yield* withAudit(
    director,
    task,
    { action: "delete", type: "vm", name: cid, ...owner },
    withLock(director, task, `lock:vm:${cid}`, { waitMs: VM_LOCK_MS }, director.cpi.deleteVm(cid)),
  );
  director.kernel.record("bosh", "vm.delete", cid, { ...owner });
}

/** Deletes the VM of an instance and forgets it; its jobs are gone with it. */
export function* deleteVm(director: Director, task: Task, instance: Instance): Body {
  const { vm } = instance;
  if (vm === null) return;
  stopJobs(director.behaviours, instance, true);
  yield* destroyVm(director, task, ownerOf(instance), vm.cid);
  forgetVm(instance);
}

/** Deletes the record of a VM; what was applied to it no longer is. */
export function forgetVm(instance: Instance): void {
  instance.vm = null;
}

/** Unmounts and detaches the disk, then deletes the VM. */
export function* detachAndDelete(director: Director, task: Task, instance: Instance): Body {
  if (instance.vm !== null && instance.disk !== null) {
    yield* callAgent(director, instance, "unmount_disk");
    yield* director.cpi.detachDisk(instance.vm.cid, instance.disk.cid);
  }
  yield* deleteVm(director, task, instance);
}

/** How long a task waits for the lock of a VM. */
export const VM_LOCK_MS = 10_000;
