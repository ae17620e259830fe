import type { Body } from "../../kernel/index.ts";
import { releaseAddress } from "../deploy/addresses.ts";
import { withAudit } from "../events/audit.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { inParallel } from "../tasks/in-parallel.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import type { TaskArguments } from "../tasks/jobs.ts";
import { allInstances } from "../state/lookup.ts";
import { deleteVm, destroyVm } from "./destroy-vm.ts";
import { VM_LOCK_MS } from "./vm-lock.ts";

/**
 * `delete vm <cid>`, even for an unknown VM. Its instance stays and still expects a VM; an orphan stays
 * listed until it is swept.
 */
export function* deleteVmByCid(director: Director, task: Task, { cid }: TaskArguments["delete_vm"]): Body<string> {
  const stage = new Stage(director, task, "Delete VM", 1);
  const work = (function* (): Body {
    const owner = allInstances(director).find(({ vm }) => vm?.cid === cid);
    yield* owner === undefined ? destroyUnowned(director, task, cid) : deleteVm(director, task, owner);
    stage.begin(`VM ${cid} is successfully deleted`).finish();
  })();
  yield* stage.step(cid, work);
  return "true";
}

function* destroyUnowned(director: Director, task: Task, cid: string): Body {
  const call = withLock(director, task, `lock:vm:${cid}`, { waitMs: VM_LOCK_MS }, director.cpi.deleteVm(cid));
  yield* withAudit(director, task, { action: "delete", type: "vm", name: cid }, call);
  director.kernel.record("bosh", "vm.delete", cid);
}

/** How many VMs are deleted at once (`max_threads`). */
const DELETE_PARALLEL = 32;

/** Deletes the orphaned VMs; those that can't be deleted stay orphans. Returns their number. */
export function* deleteOrphanVms(director: Director, task: Task): Body<number> {
  const orphans = [...director.slot.value.orphanVms.values()];
  const stage = new Stage(director, task, "Deleting orphaned vms", orphans.length);
  yield* inParallel(director, orphans, DELETE_PARALLEL, function* ({ cid, deployment, instance, ips }): Body {
    const step = stage.begin(cid);
    const isGone = yield* succeeds(destroyVm(director, task, { deployment, instance }, cid));
    step.finish();
    if (!isGone) return;
    director.slot.value.orphanVms.delete(cid);
    for (const ip of ips) releaseAddress(director, ip);
  });
  return director.slot.value.orphanVms.size;
}

/** Whether the work succeeds. The director logs an error and continues. */
function* succeeds(work: Body): Body<boolean> {
  try {
    yield* work;
    return true;
  } catch {
    return false;
  }
}
