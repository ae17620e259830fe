import type { Body } from "../../kernel/index.ts";
import { stopJobs } from "../agent/calls.ts";
import type { Director } from "../state/director.ts";
import { DirectorError, messageOf } from "../wire/errors.ts";
import { audit } from "../events/audit.ts";
import { deleteSnapshotsOf } from "../instances/snapshots.ts";
import type { Deployment, Instance, Task } from "../state/index.ts";
import { checkpoint, holding, Stage } from "../tasks/queue.ts";
import { releaseAll } from "./addresses.ts";
import { DEPLOYMENT_LOCK_MS, deploymentLock, inBatches } from "./deploy.ts";
import { abandonVm, audited, deleteVm, forgetVm, nameOf, of, orphanDisk, stop, title } from "../instances/vm.ts";
import { dropLinks } from "../links/resolve.ts";

const DELETES_PARALLEL = 32;

interface RemoveOptions {
  readonly parallel: number;
  /** Go on where an agent or the CPI fails. */
  readonly force: boolean;
}

/** Stops the jobs, deletes the VM, leaves the disk as an orphan; the instance is forgotten. */
export function* removeInstances(
  director: Director,
  task: Task,
  deployment: Deployment,
  instances: readonly Instance[],
  stage: Stage,
  options: RemoveOptions,
): Body {
  yield* inBatches(director, instances, options.parallel, (instance) =>
    stage.step(
      title(instance),
      audited(
        director,
        task,
        { action: "delete", type: "instance", name: nameOf(instance), ...of(instance) },
        remove(director, task, deployment, instance, options.force),
      ),
    ),
  );
  checkpoint(task);
}

function* remove(director: Director, task: Task, deployment: Deployment, instance: Instance, force: boolean): Body {
  if (instance.vm !== null) {
    yield* tolerating(force, stop(director, instance, undefined, false, 1));
    yield* force ? forceVm(director, task, instance) : deleteVm(director, task, instance);
  }
  yield* deleteSnapshotsOf(director, (each) => each.instanceId === instance.id);
  orphanDisk(director, task, instance);
  releaseAll(director, instance);
  deployment.instances = deployment.instances.filter((each) => each !== instance);
  director.kernel.record("bosh", "instance.delete", instance.id, { deployment: deployment.name });
}

/** Forgets the VM whatever the IaaS says; one that is not known to be gone is written down as an orphan. */
function* forceVm(director: Director, task: Task, instance: Instance): Body {
  const { vm } = instance;
  if (vm === null) return;
  stopJobs(director.behaviours, instance, true);
  yield* abandonVm(
    director,
    task,
    of(instance),
    vm.cid,
    instance.ips.map(({ ip }) => ip),
  );
  forgetVm(instance);
}

function* tolerating(force: boolean, body: Body): Body {
  try {
    yield* body;
  } catch (error) {
    if (!force) throw error;
  }
}

/** The director's DNS hands its records to all agents as one blob. */
export function publishRecords(director: Director): void {
  director.slot.value.dnsBlobs.push(director.kernel.random("bosh/blobs").uuid());
}

function* pause(): Body {
  yield 0;
}

/** `delete deployment <d>`. */
export function* deleteDeployment(
  director: Director,
  task: Task,
  args: Readonly<Record<string, unknown>>,
): Body<string> {
  const name = String(args.deployment);
  const what = { action: "delete", type: "deployment", name, deployment: name };
  const parent = audit(director, task, what);
  const options = { waitMs: DEPLOYMENT_LOCK_MS, deployment: name };
  const work = (function* (): Body {
    try {
      yield* destroy(director, task, name, args.force === true);
      audit(director, task, { ...what, parent });
    } catch (error) {
      audit(director, task, { ...what, parent, error: messageOf(error) });
      throw error;
    }
  })();
  yield* holding(director, task, deploymentLock(name), options, work);
  return `/deployments/${name}`;
}

function* destroy(director: Director, task: Task, name: string, force: boolean): Body {
  const deployment = director.slot.value.deployments.get(name);
  if (deployment === undefined) throw new DirectorError(70000, `Deployment '${name}' doesn't exist`);
  if (deployment.instances.some(({ ignore }) => ignore))
    throw new DirectorError(
      190021,
      `You are trying to delete deployment '${name}', which contains ignored instance(s). Operation not allowed.`,
    );
  yield* destroyParts(director, task, deployment, force);
}

function* destroyParts(director: Director, task: Task, deployment: Deployment, force: boolean): Body {
  const stage = new Stage(director, task, "Deleting instances", deployment.instances.length);
  yield* removeInstances(director, task, deployment, [...deployment.instances], stage, {
    parallel: DELETES_PARALLEL,
    force,
  });
  const artifacts = new Stage(director, task, "Removing deployment artifacts", 3);
  yield* artifacts.step("Detaching stemcells", pause());
  yield* artifacts.step("Detaching releases", pause());
  const properties = new Stage(director, task, "Deleting properties", 0);
  yield* properties.step("Deleting dynamic disks", pause());
  yield* properties.step("Destroying deployment", pause());
  dropLinks(director, deployment.name);
  director.slot.value.problems = director.slot.value.problems.filter((each) => each.deployment !== deployment.name);
  director.slot.value.deployments.delete(deployment.name);
  if (deployment.hasRecords) publishRecords(director);
  director.kernel.record("bosh", "deployment.delete", deployment.name);
}
