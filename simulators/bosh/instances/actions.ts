import type { Body } from "../../kernel/index.ts";
import { callAgent } from "../agent/calls.ts";
import { agentState } from "../agent/state.ts";
import { DEPLOYMENT_LOCK_MS, deploymentLock } from "../deploy/deployment-lock.ts";
import { planDeployed } from "../deploy/plan-deployed.ts";
import { replanInstance } from "../deploy/replan.ts";
import { requireDeployment } from "../state/lookup.ts";
import type { TaskArguments } from "../tasks/jobs.ts";
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
import { takeSnapshot } from "./snapshots.ts";
import { startInstance } from "./start.ts";
import { stopInstance } from "./stop.ts";

/** `stop instance` and the like: acts on one instance, without converging the rest. */
export function* runInstanceAction(
  director: Director,
  task: Task,
  args: TaskArguments["update_instance"],
): Body<string> {
  const deployment = requireDeployment(director, args.deployment);
  const instance = deployment.instances.find(({ id }) => id === args.instance);
  if (instance === undefined) throw new DirectorError(70001, `Instance '${args.instance}' doesn't exist`);
  const options = { waitMs: DEPLOYMENT_LOCK_MS, deployment: deployment.name };
  const work = performAction(director, task, deployment, instance, args);
  yield* withLock(director, task, deploymentLock(deployment.name), options, work);
  return instanceName(instance);
}

/** @throws DirectorError 90000, 190020 */
function refuseAction(instance: Instance, { verb }: TaskArguments["update_instance"]): void {
  if (instance.errand)
    throw new DirectorError(
      90000,
      `Isolated ${verb} can not be run on instances of type errand. Try the bosh run-errand command.`,
    );
  if (instance.ignore)
    throw new DirectorError(
      190020,
      `You are trying to change the state of the ignored instance '${instanceName(instance)}'.This operation is not allowed. You need to unignore it first.`,
    );
}

/** The audit event of an action. */
const auditOf = (instance: Instance, action: string): Parameters<typeof withAudit>[2] => ({
  action,
  type: "instance",
  name: instanceName(instance),
  ...ownerOf(instance),
});

function* performAction(
  director: Director,
  task: Task,
  deployment: Deployment,
  instance: Instance,
  args: TaskArguments["update_instance"],
): Body {
  refuseAction(instance, args);
  const { verb, hard, skipDrain } = args;
  const stage = new Stage(director, task, `Updating instance ${instanceTitle(instance)}`, null);
  if (instance.vm !== null) yield* callAgent(director, instance, "get_state");
  const isHard = verb === "recreate" || hard;
  const work = (function* (): Body {
    if (verb !== "start") yield* stopOne(director, task, instance, stage, { hard: isHard, skipDrain });
    if (verb !== "stop") yield* startOne(director, task, deployment, instance, stage);
  })();
  // The parts of this action are audited separately.
  yield* verb === "stop" || verb === "start" ? work : withAudit(director, task, auditOf(instance, verb), work);
}

/** Stops the jobs of an instance, unless they are stopped already; with `hard` also deletes its VM. */
function* stopOne(
  director: Director,
  task: Task,
  instance: Instance,
  stage: Stage,
  { hard, skipDrain }: Pick<TaskArguments["update_instance"], "hard" | "skipDrain">,
): Body {
  if (instance.state === "detached" || (instance.state === "stopped" && !hard)) return;
  if (instance.vm !== null) {
    const stop = (function* (): Body {
      yield* stopInstance(director, instance, undefined, skipDrain);
      yield* takeSnapshot(director, instance, true);
    })();
    yield* stage.step("Stopping instance", withAudit(director, task, auditOf(instance, "stop"), stop));
  }
  instance.state = "stopped";
  if (!hard) return;
  if (instance.vm !== null) yield* stage.step("Deleting VM", detachAndDelete(director, task, instance));
  instance.state = "detached";
}

/** Starts the jobs of an instance, unless they run already; an instance without a VM gets one first. */
function* startOne(director: Director, task: Task, deployment: Deployment, instance: Instance, stage: Stage): Body {
  const plan = planDeployed(director, deployment);
  const group = plan?.groups.find(({ instances }) => instances.includes(instance));
  if (plan === undefined || group === undefined)
    throw new DirectorError(440001, "No successful BOSH deployment manifest available");
  const planned = replanInstance(director, plan, group, instance);
  const isNew = instance.vm === null;
  if (isNew) yield* stage.step("Creating VM", createVm(director, task, planned));
  if (!isNew && instance.state === "started" && agentState(director, instance) === "running") return;
  const start = startInstance(director, task, planned, { watch: planned.group.update.updateWatch, base: 0 });
  yield* stage.step("Starting instance", withAudit(director, task, auditOf(instance, "start"), start));
  instance.state = "started";
}
