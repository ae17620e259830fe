import type { Body } from "../../kernel/index.ts";
import { callAgent } from "../agent/calls.ts";
import { DEPLOYMENT_LOCK_MS, deploymentLock } from "../deploy/lock.ts";
import { planDeployed, planOf } from "../deploy/plan-deployed.ts";
import { withAudit } from "../events/audit.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import { DirectorError } from "../wire/errors.ts";
import { createVm } from "./create-vm.ts";
import { detachAndDelete } from "./destroy-vm.ts";
import { instanceName, ownerOf, instanceTitle } from "./names.ts";
import { startInstance } from "./start.ts";
import { stopInstance } from "./stop.ts";

export type Args = Readonly<Record<string, unknown>>;

export function deploymentOf(director: Director, args: Args): Deployment {
  const found = director.slot.value.deployments.get(String(args.deployment));
  if (found === undefined) throw new DirectorError(70000, `Deployment '${String(args.deployment)}' doesn't exist`);
  return found;
}

export const instances = (director: Director): readonly Instance[] =>
  [...director.slot.value.deployments.values()].flatMap((each) => each.instances);

/** `stop instance` and its kin: one instance, without converging the rest. */
export function* runInstanceAction(director: Director, task: Task, args: Args): Body<string> {
  const deployment = deploymentOf(director, args);
  const instance = deployment.instances.find(({ id }) => id === args.instance);
  if (instance === undefined) throw new DirectorError(70001, `Instance '${String(args.instance)}' doesn't exist`);
  const options = { waitMs: DEPLOYMENT_LOCK_MS, deployment: deployment.name };
  const verb = String(args.verb);
  const what = { action: verb, type: "instance", name: instanceName(instance), ...ownerOf(instance) };
  const work = withAudit(director, task, what, performAction(director, task, deployment, instance, verb, args));
  yield* withLock(director, task, deploymentLock(deployment.name), options, work);
  return instanceName(instance);
}

function* performAction(
  director: Director,
  task: Task,
  deployment: Deployment,
  instance: Instance,
  verb: string,
  args: Args,
): Body {
  const stage = new Stage(director, task, `Updating instance ${instanceTitle(instance)}`, null);
  if (instance.vm !== null) yield* callAgent(director, instance, "get_state");
  const renews = verb === "recreate" || (verb === "stop" && args.hard === true);
  if (verb !== "start" && instance.vm !== null)
    yield* stage.step("Stopping instance", stopInstance(director, instance, undefined, args.skipDrain === true));
  if (verb === "stop") instance.state = args.hard === true ? "detached" : "stopped";
  if (renews && instance.vm !== null) yield* stage.step("Deleting VM", detachAndDelete(director, task, instance));
  if (verb === "stop") return;
  const plan = planDeployed(director, deployment);
  const group = plan?.groups.find(({ instances: members }) => members.includes(instance));
  if (plan === undefined || group === undefined)
    throw new DirectorError(440001, "No successful BOSH deployment manifest available");
  const planned = planOf({ director, deployment }, plan, group, instance);
  if (instance.vm === null) yield* stage.step("Creating VM", createVm(director, task, planned));
  yield* stage.step(
    "Starting instance",
    startInstance(director, task, planned, { watch: planned.group.update.updateWatch, base: 0 }),
  );
  instance.state = "started";
}
