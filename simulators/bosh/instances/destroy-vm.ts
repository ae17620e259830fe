import type { Body } from "../../kernel/index.ts";
import { stopJobs } from "../agent/behaviours.ts";
import { agentCall } from "../agent/calls.ts";
import { audited } from "../events/audit.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { holding } from "../tasks/locks.ts";
import type { Owner } from "./boot.ts";
import { of } from "./names.ts";

/** Deletes a VM that no instance will have; where even that fails it is written down as an orphan. */
export function* abandonVm(director: Director, task: Task, owner: Owner, cid: string, ips: readonly string[]): Body {
  try {
    yield* destroyVm(director, task, owner, cid);
  } catch {
    const orphanedMs = director.kernel.nowMs;
    director.slot.value.orphanVms.set(cid, { cid, az: "", ...owner, ips, orphanedMs });
    director.kernel.record("bosh", "vm.orphan", cid, { ...owner });
  }
}

/** delete_vm under the VM's lock. */
export function* destroyVm(director: Director, task: Task, owner: Owner, cid: string): Body {
  yield* audited(
    director,
    task,
    { action: "delete", type: "vm", name: cid, ...owner },
    holding(director, task, `lock:vm:${cid}`, { waitMs: VM_LOCK_MS }, director.cpi.deleteVm(cid)),
  );
  director.kernel.record("bosh", "vm.delete", cid, { ...owner });
}

/** Deletes the VM of an instance and forgets it; its jobs are gone with it. */
export function* deleteVm(director: Director, task: Task, instance: Instance): Body {
  const { vm } = instance;
  if (vm === null) return;
  stopJobs(director.behaviours, instance, true);
  yield* destroyVm(director, task, of(instance), vm.cid);
  forgetVm(instance);
}

/** The record of a VM goes; what it was made with is no longer applied. */
export function forgetVm(instance: Instance): void {
  instance.vm = null;
}

/** Unmounts and detaches the disk, then deletes the VM. */
export function* detachAndDelete(director: Director, task: Task, instance: Instance): Body {
  if (instance.vm !== null && instance.disk !== null) {
    yield* agentCall(director, instance, "unmount_disk");
    yield* director.cpi.detachDisk(instance.vm.cid, instance.disk.cid);
  }
  yield* deleteVm(director, task, instance);
}

export const VM_LOCK_MS = 10_000;
