import type { Body } from "../../kernel/index.ts";
import { namedDiskDiffers, type PlannedInstance, type WantedDisk } from "../deploy/plan-instance.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { createDisk, plugDisk, recordOrphan } from "./disk.ts";

/*
 * The disks of `persistent_disks`, each with a name. The agent only learns of them; the data of a disk is not
 * moved to its successor (disk_manager.rb in bosh-director).
 */

/** Gives an instance the disks that its group names. */
export function* updateNamedDisks(
  director: Director,
  task: Task,
  { instance, namedDisks: wanted }: PlannedInstance,
  renews: boolean,
): Body {
  if (instance.vm === null) return;
  for (const each of wanted) {
    const old = instance.namedDisks.find(({ name }) => name === each.name);
    if (!renews && !namedDiskDiffers(old, each)) continue;
    yield* createNamed(director, task, instance, each);
    if (old !== undefined) yield* giveUp(director, task, instance, old);
  }
  const gone = instance.namedDisks.filter(({ name }) => wanted.every((each) => each.name !== name));
  for (const each of gone) yield* giveUp(director, task, instance, each);
}

function* createNamed(director: Director, task: Task, instance: Instance, wanted: WantedDisk): Body {
  const cid = yield* createDisk(director, task, instance, wanted);
  instance.namedDisks = [...instance.namedDisks, { ...wanted, row: ++director.slot.value.diskRows, cid }];
  yield* plugDisk(director, task, instance, cid);
}

function* giveUp(director: Director, task: Task, instance: Instance, disk: Instance["namedDisks"][number]): Body {
  if (instance.vm !== null) yield* director.cpi.detachDisk(instance.vm.cid, disk.cid);
  instance.namedDisks = instance.namedDisks.filter((each) => each !== disk);
  recordOrphan(director, task, instance, disk);
}

/** Orphans all of them. */
export function orphanNamedDisks(director: Director, task: Task, instance: Instance): void {
  const { namedDisks } = instance;
  instance.namedDisks = [];
  for (const each of namedDisks) recordOrphan(director, task, instance, each);
}
