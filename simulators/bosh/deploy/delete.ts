import type { Body } from "../../kernel/index.ts";
import { audit } from "../events/audit.ts";
import { dropLinks } from "../links/resolve.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import { DirectorError, messageOf } from "../wire/errors.ts";
import { publishRecords } from "./finish.ts";
import { DEPLOYMENT_LOCK_MS, deploymentLock } from "./lock.ts";
import { removeInstances } from "./remove.ts";

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
      yield* destroyDeployment(director, task, name, args.force === true);
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

function* pause(): Body {
  yield 0;
}

const DELETES_PARALLEL = 32;
