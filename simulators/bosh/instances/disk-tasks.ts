import type { TaskArguments } from "../tasks/jobs.ts";
import type { Body } from "../../kernel/index.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { logWarning, Stage } from "../tasks/stage.ts";
import { DirectorError } from "../wire/errors.ts";
import { allInstances } from "../state/lookup.ts";
import { attachDisk, orphanDisk } from "./disk.ts";
import { instanceName } from "./names.ts";

/** `orphan disk`: detaches a disk from its instance in the records only. */
export function* orphanDiskByCid(director: Director, task: Task, { cid }: TaskArguments["orphan_disk"]): Body<string> {
  const stage = new Stage(director, task, "Orphan disk", 1);
  const step = stage.begin(cid);
  const owner = allInstances(director).find(({ disk }) => disk?.cid === cid);
  if (owner === undefined) logWarning(director, task, `Disk ${cid} does not exist. Orphaning is skipped`);
  else orphanDisk(director, task, owner);
  step.finish();
  yield 0;
  return `disk ${cid} orphaned`;
}

/** `attach disk`: gives a stopped instance another disk; its old one becomes an orphan. @throws DirectorError 520001, 520003 */
export function* attachDiskByCid(director: Director, task: Task, args: TaskArguments["attach_disk"]): Body<string> {
  const { deployment: name, job, id, cid } = args;
  const instance = director.slot.value.deployments
    .get(name)
    ?.instances.find((each) => each.group === job && each.id === id);
  if (instance === undefined)
    throw new DirectorError(520001, `Instance '${job}/${id}' in deployment '${name}' was not found`);
  if (instance.ignore)
    throw new DirectorError(
      520003,
      `Instance '${job}/${id}' in deployment '${name}' is in 'ignore' state. Attaching disks to ignored instances is not allowed.`,
    );
  if (instance.state === "started")
    throw new DirectorError(
      520003,
      `Instance '${instanceName(instance)}' in deployment '${name}' must be in 'bosh stopped' state`,
    );
  const known = director.slot.value.orphanDisks.get(cid);
  const copied = args.copy && instance.disk !== null ? instance.disk : undefined;
  if (instance.vm !== null && instance.disk !== null)
    yield* director.cpi.detachDisk(instance.vm.cid, instance.disk.cid);
  orphanDisk(director, task, instance);
  director.slot.value.orphanDisks.delete(cid);
  instance.disk = {
    row: ++director.slot.value.diskRows,
    cid,
    sizeMb: known?.sizeMb ?? copied?.sizeMb ?? 1,
    cloudProperties: known?.cloudProperties ?? copied?.cloudProperties ?? {},
  };
  if (instance.vm !== null) yield* attachDisk(director, task, instance, cid);
  director.kernel.record("bosh", "disk.attach", cid, { deployment: name, instance: instance.id });
  return `attached disk '${cid}' to '${instanceName(instance)}' in deployment '${name}'`;
}
