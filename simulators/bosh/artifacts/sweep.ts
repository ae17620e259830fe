import type { TaskArguments } from "../tasks/jobs.ts";
import type { Body } from "../../kernel/index.ts";
import { deleteOrphanVms } from "../instances/delete-vm.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { startTask } from "../tasks/queue.ts";
import { deleteOrphanDisk } from "./cleanup.ts";

/** How long a disk stays an orphan before it is deleted. */
const DISK_MS = 5 * 86_400_000;

/** Whether the last scheduled clean-up is still in progress; one whose worker has died is not. */
const isSweeping = (director: Director): boolean =>
  [...director.slot.value.tasks.values()].some(
    ({ type, user, state, deadSinceMs }) =>
      type === "delete_artifacts" &&
      user === "scheduler" &&
      deadSinceMs === null &&
      (state === "queued" || state === "processing" || state === "cancelling"),
  );

/** Queues what the director's own schedule deletes: orphaned VMs at once, disks after five days. */
export function scheduleSweep(director: Director): void {
  const { orphanVms, orphanDisks } = director.slot.value;
  const old = [...orphanDisks.values()].filter(({ orphanedMs }) => director.kernel.nowMs - orphanedMs > DISK_MS);
  if ((orphanVms.size === 0 && old.length === 0) || isSweeping(director)) return;
  startTask(director, {
    type: "delete_artifacts",
    description: "scheduled orphan cleanup",
    user: "scheduler",
    job: { kind: "sweep", args: { cids: old.map(({ cid }) => cid) } },
  });
}

/** Deletes what is due; whatever can't be deleted now is tried again the next time. */
export function* sweep(director: Director, task: Task, args: TaskArguments["sweep"]): Body<string> {
  const { cids } = args;
  const before = director.slot.value.orphanVms.size;
  const vms = before - (yield* deleteOrphanVms(director, task));
  for (const cid of cids) yield* deleteOrphanDisk(director, cid);
  return `Deleted ${vms} orphaned vm(s), ${cids.length} orphaned disk(s)`;
}
