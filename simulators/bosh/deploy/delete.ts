import { requireDeployment } from "../state/lookup.ts";
import { pause } from "../tasks/pause.ts";
import type { TaskArguments } from "../tasks/jobs.ts";
import type { Body } from "../../kernel/index.ts";
import { audit } from "../events/audit.ts";
import { dropLinks } from "../links/connect.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import { DirectorError, messageOf } from "../wire/errors.ts";
import { publishRecords } from "./finish.ts";
import { DEPLOYMENT_LOCK_MS, deploymentLock } from "./deployment-lock.ts";
import { removeInstances } from "./remove.ts";

/** `delete deployment <d>`. */
export function* deleteDeployment(
  director: Director,
  task: Task,
  args: TaskArguments["delete_deployment"],
): Body<string> {
  const name = args.deployment;
  const what = { action: "delete", type: "deployment", name, deployment: name };
  const parent = audit(director, task, what);
  const options = { waitMs: DEPLOYMENT_LOCK_MS, deployment: name };
  const work = (function* (): Body {
    try {
      yield* destroyDeployment(director, task, name, args.force);
      audit(director, task, { ...what, parent });
    } catch (error) {
      audit(director, task, { ...what, parent, error: messageOf(error) });
      throw error;
    }
  })();
  yield* withLock(director, task, deploymentLock(name), options, work);
  return `/deployments/${name}`;
}

function* destroyDeployment(director: Director, task: Task, name: string, force: boolean): Body {
  const deployment = requireDeployment(director, name);
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
  yield* artifacts.step("Detaching stemcells", pause(0));
  yield* artifacts.step("Detaching releases", pause(0));
  const properties = new Stage(director, task, "Deleting properties", 0);
  yield* properties.step("Deleting dynamic disks", pause(0));
  yield* properties.step("Destroying deployment", pause(0));
  dropLinks(director.slot.value.links, deployment.name);
  director.slot.value.problems = director.slot.value.problems.filter((each) => each.deployment !== deployment.name);
  director.slot.value.deployments.delete(deployment.name);
  if (deployment.hasRecords) publishRecords(director, deployment);
  director.kernel.record("bosh", "deployment.delete", deployment.name);
}

const DELETES_PARALLEL = 32;
