import type { Body } from "../../kernel/index.ts";
import { stopJobs } from "../agent/behaviours.ts";
import { withAudit } from "../events/audit.ts";
import { abandonVm, deleteStandby, deleteVm, forgetVm } from "../instances/destroy-vm.ts";
import { orphanDisk, orphanInactive } from "../instances/disk.ts";
import { orphanNamedDisks } from "../instances/named-disks.ts";
import { instanceName, ownerOf, instanceTitle } from "../instances/names.ts";
import { deleteMatchingSnapshots } from "../instances/snapshots.ts";
import { stopInstance } from "../instances/stop.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { inParallel } from "../tasks/in-parallel.ts";
import { Stage } from "../tasks/stage.ts";
import { checkpoint } from "../tasks/transitions.ts";
import type { DeployRun } from "./run.ts";
import { releaseAddresses } from "./addresses.ts";

interface RemoveOptions {
  readonly parallel: number;
  /** Whether to continue when an agent or the CPI fails. */
  readonly force: boolean;
}

/** Removes instances for which the manifest has no place, in one stage that is shown only if there are any. */
export function* removeUnneeded(
  { director, task, deployment }: DeployRun,
  instances: readonly Instance[],
  { parallel, tags }: { readonly parallel: number; readonly tags: readonly string[] },
): Body {
  if (instances.length === 0) return;
  const stage = new Stage(director, task, "Deleting unneeded instances", instances.length, tags);
  yield* removeInstances(director, task, deployment, instances, stage, { parallel, force: false });
}

/** Stops the jobs, deletes the VM, orphans the disk and forgets the instance. */
export function* removeInstances(
  director: Director,
  task: Task,
  deployment: Deployment,
  instances: readonly Instance[],
  stage: Stage,
  options: RemoveOptions,
): Body {
  yield* inParallel(director, instances, options.parallel, (instance) =>
    stage.step(
      instanceTitle(instance),
      withAudit(
        director,
        task,
        { action: "delete", type: "instance", name: instanceName(instance), ...ownerOf(instance) },
        removeInstance(director, task, deployment, instance, options.force),
      ),
    ),
  );
  checkpoint(task);
}

function* removeInstance(
  director: Director,
  task: Task,
  deployment: Deployment,
  instance: Instance,
  force: boolean,
): Body {
  if (instance.vm !== null) {
    yield* tolerateFailure(force, stopInstance(director, instance, undefined, false, 1));
    yield* force ? abandonInstanceVm(director, task, instance) : deleteVm(director, task, instance);
  }
  yield* tolerateFailure(force, deleteStandby(director, task, instance));
  yield* deleteMatchingSnapshots(director, (each) => each.instanceId === instance.id);
  orphanDisk(director, task, instance);
  orphanNamedDisks(director, task, instance);
  for (const disk of instance.inactiveDisks) orphanInactive(director, task, instance, disk);
  releaseAddresses(director, instance);
  deployment.instances = deployment.instances.filter((each) => each !== instance);
  director.kernel.record("bosh", "instance.delete", instance.id, { deployment: deployment.name });
}

/** Forgets the VM even if the IaaS fails; one that may still exist is recorded as an orphan. */
function* abandonInstanceVm(director: Director, task: Task, instance: Instance): Body {
  const { vm } = instance;
  if (vm === null) return;
  stopJobs(director.behaviours, instance, true);
  yield* abandonVm(
    director,
    task,
    ownerOf(instance),
    vm.cid,
    instance.ips.map(({ ip }) => ip),
  );
  forgetVm(instance);
}

function* tolerateFailure(force: boolean, body: Body): Body {
  try {
    yield* body;
  } catch (error) {
    if (!force) throw error;
  }
}
