import { isoSeconds, type Body } from "../../kernel/index.ts";
import { migrateJobs } from "../agent/behaviours.ts";
import { callAgent } from "../agent/calls.ts";
import { diskDiffers, type PlannedInstance } from "../deploy/plan-instance.ts";
import { audit, withAudit } from "../events/audit.ts";
import type { Disk, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { VM_LOCK_MS } from "./vm-lock.ts";
import { instanceName, ownerOf } from "./names.ts";

/** Attaches a disk to the VM of an instance and has its agent mount it. @throws CpiError, DirectorError 450001, 450002 */
export function* attachDisk(director: Director, task: Task, instance: Instance, diskCid: string): Body {
  if (instance.vm === null) return;
  yield* plugDisk(director, task, instance, diskCid);
  yield* callAgent(director, instance, "mount_disk");
  instance.vm.mountedDisk = diskCid;
}

/** Creates a disk near the VM of an instance; returns its CID. @throws CpiError */
export function* createDisk(
  director: Director,
  task: Task,
  instance: Instance,
  wanted: Pick<Disk, "sizeMb" | "cloudProperties">,
): Body<string> {
  const { cpi, kernel } = director;
  const create = cpi.createDisk(wanted.sizeMb, wanted.cloudProperties, instance.vm?.cid ?? "");
  const cid = yield* withAudit(
    director,
    task,
    { action: "create", type: "disk", ...ownerOf(instance) },
    create,
    (made) => made,
  );
  kernel.record("bosh", "disk.create", cid, { deployment: instance.deployment, sizeMb: wanted.sizeMb });
  return cid;
}

/** Attaches a disk and announces it to the agent, without mounting it. */
export function* plugDisk(director: Director, task: Task, instance: Instance, diskCid: string): Body {
  const { vm } = instance;
  if (vm === null) return;
  const call = director.cpi.attachDisk(vm.cid, diskCid);
  yield* withLock(director, task, `lock:vm:${vm.cid}`, { waitMs: VM_LOCK_MS }, call);
  yield* callAgent(director, instance, "add_persistent_disk");
  yield* director.cpi.setDiskMetadata(diskCid, {
    director: director.name,
    deployment: instance.deployment,
    instance_id: instance.id,
    instance_index: String(instance.index),
    instance_group: instance.group,
    attached_at: isoSeconds(director.kernel.nowMs),
  });
}

/** Attaches all disks of an instance to its VM, and mounts the managed one. */
export function* attachDisks(director: Director, task: Task, instance: Instance): Body {
  if (instance.disk !== null) yield* attachDisk(director, task, instance, instance.disk.cid);
  for (const { cid } of instance.namedDisks) yield* plugDisk(director, task, instance, cid);
}

/** Unmounts and detaches all disks of an instance from its VM. */
export function* detachDisks(director: Director, instance: Instance): Body {
  const { vm, disk, namedDisks } = instance;
  if (vm === null) return;
  if (disk !== null) yield* callAgent(director, instance, "unmount_disk");
  for (const { cid } of [...(disk === null ? [] : [disk]), ...namedDisks]) yield* director.cpi.detachDisk(vm.cid, cid);
}

/** Removes the disk from the record of the instance; it stays an orphan for five days. */
export function orphanDisk(director: Director, task: Task, instance: Instance): void {
  const { disk } = instance;
  if (disk === null) return;
  instance.disk = null;
  recordOrphan(director, task, instance, disk);
}

/** Orphans a disk that its instance has given up. */
export function recordOrphan(director: Director, task: Task, instance: Instance, disk: Disk): void {
  director.slot.value.orphanDisks.set(disk.cid, {
    cid: disk.cid,
    sizeMb: disk.sizeMb,
    az: instance.az,
    deployment: instance.deployment,
    instance: instanceName(instance),
    cloudProperties: disk.cloudProperties,
    orphanedMs: director.kernel.nowMs,
  });
  const what = { action: "orphan", type: "disk", name: disk.cid, ...ownerOf(instance) };
  audit(director, task, { ...what, parent: audit(director, task, what) });
  director.kernel.record("bosh", "disk.orphan", disk.cid, { deployment: instance.deployment });
}

/** Gives an instance its planned disk: the new one is created before the old one is given up. */
export function* updateDisk(director: Director, task: Task, planned: PlannedInstance, renews: boolean): Body {
  const { instance, disk: wanted } = planned;
  const isDue = diskDiffers(instance.disk, wanted) || (renews && wanted !== undefined);
  if (!isDue || instance.vm === null) return;
  const old = instance.disk;
  if (wanted === undefined) {
    instance.disk = null;
    if (old !== null) instance.inactiveDisks = [...instance.inactiveDisks, old];
    return yield* dropInactiveDisks(director, task, instance, old?.cid);
  }
  const cid = yield* createDisk(director, task, instance, wanted);
  // Recorded before anything else can fail, because a disk without a record would be lost.
  const row = ++director.slot.value.diskRows;
  const fresh = { row, cid, sizeMb: wanted.sizeMb, cloudProperties: wanted.cloudProperties };
  instance.inactiveDisks = [...instance.inactiveDisks, fresh];
  yield* plugDisk(director, task, instance, cid);
  yield* mountFresh(director, instance, fresh);
  if (old !== null) {
    yield* migrateDisk(director, task, instance, fresh);
    migrateJobs(director.behaviours, instance, planned.jobs, old.cid, cid);
  }
  instance.disk = fresh;
  const others = instance.inactiveDisks.filter((each) => each !== fresh);
  instance.inactiveDisks = old === null ? others : [...others, old];
  yield* dropInactiveDisks(director, task, instance, old?.cid);
}

/** Mounts a new disk. If that fails, detaches the disk, which stays inactive. */
function* mountFresh(director: Director, instance: Instance, { cid }: Disk): Body {
  try {
    yield* callAgent(director, instance, "mount_disk");
  } catch (error) {
    yield* unplugDisk(director, instance, cid, true);
    throw error;
  }
  if (instance.vm !== null) instance.vm.mountedDisk = cid;
}

/** Moves all files to the new disk; if that fails, the new disk becomes an orphan. */
function* migrateDisk(director: Director, task: Task, instance: Instance, fresh: Disk): Body {
  try {
    yield* callAgent(director, instance, "migrate_disk");
  } catch (error) {
    yield* unplugDisk(director, instance, fresh.cid, true);
    if (instance.vm !== null) instance.vm.mountedDisk = instance.disk?.cid ?? null;
    orphanInactive(director, task, instance, fresh);
    throw error;
  }
}

function* unplugDisk(director: Director, instance: Instance, diskCid: string, isMounted: boolean): Body {
  const { vm } = instance;
  if (vm === null) return;
  if (isMounted) yield* callAgent(director, instance, "unmount_disk");
  if (vm.mountedDisk === diskCid) vm.mountedDisk = null;
  yield* director.cpi.detachDisk(vm.cid, diskCid);
}

/** Detaches and orphans the disks that an instance no longer uses. */
function* dropInactiveDisks(director: Director, task: Task, instance: Instance, mounted: string | undefined): Body {
  for (const disk of instance.inactiveDisks) {
    yield* unplugDisk(director, instance, disk.cid, disk.cid === mounted);
    orphanInactive(director, task, instance, disk);
  }
}

/** Orphans an inactive disk. */
export function orphanInactive(director: Director, task: Task, instance: Instance, disk: Disk): void {
  instance.inactiveDisks = instance.inactiveDisks.filter((each) => each.row !== disk.row);
  recordOrphan(director, task, instance, disk);
}
