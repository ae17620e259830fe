import { all, type Body } from "../../kernel/index.ts";
import { isTimeout } from "../agent/calls.ts";
import { runScripts } from "../agent/scripts.ts";
import { planDeployed } from "../deploy/plan-deployed.ts";
import { replanInstance } from "../deploy/replan.ts";
import { createVm } from "../instances/create-vm.ts";
import { deleteVm } from "../instances/destroy-vm.ts";
import { configureJobs, launchJobs } from "../instances/start.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { HandlerError } from "./problems.ts";

/**
 * Recreates the VM of an instance from what is deployed, with its disk and its addresses; the old one, if
 * any, is deleted first. Jobs are started only if the instance should run.
 *
 * @param waits whether to wait until the jobs run
 * @throws HandlerError if the last deployed manifest does not know the instance; and whatever its steps
 * throw: the instance may then have no VM
 */
export function* recreateInstance(
  director: Director,
  task: Task,
  deployment: Deployment,
  instance: Instance,
  waits: boolean,
): Body {
  const plan = planDeployed(director, deployment);
  const group = plan?.groups.find(({ instances, unneeded }) => [...instances, ...unneeded].includes(instance));
  if (plan === undefined || group === undefined) throw new HandlerError("Unable to look up VM apply spec");
  yield* deleteVm(director, task, instance);
  // Wherever this fails, the next deploy updates the instance again.
  instance.clean = false;
  const planned = replanInstance(director, plan, group, instance);
  yield* createVm(director, task, planned);
  yield* configureJobs(director, planned, 0);
  const watch = waits ? planned.group.update.updateWatch : null;
  if (instance.state === "started") yield* launchJobs(director, task, instance, { watch, base: 0 });
  else if (instance.vm !== null) instance.vm.jobState = "stopped";
  instance.clean = true;
}

const POST_DEPLOY_SILENCE_MS = 10_000;

/** Runs the post-deploy scripts of all VMs of a deployment in which one was recreated; skips silent agents. */
export function* postDeployAll(director: Director, { instances }: Deployment): Body {
  const withVm = instances.filter(({ vm }) => vm !== null);
  yield* all(withVm.map((each) => director.kernel.spawn("post-deploy", postDeployOne(director, each))));
}

function* postDeployOne(director: Director, instance: Instance): Body {
  try {
    yield* runScripts(director, instance, "post-deploy", 1, POST_DEPLOY_SILENCE_MS);
  } catch (error) {
    if (!isTimeout(error)) throw error;
  }
}
