import type { TaskArguments } from "../tasks/jobs.ts";
import type { Body } from "../../kernel/index.ts";
import { deploymentLock } from "../deploy/deployment-lock.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { startTask } from "../tasks/queue.ts";
import { DirectorError } from "../wire/errors.ts";
import { closeProblems, openProblems } from "./problems.ts";
import { postDeployAll } from "./recreate.ts";
import { refuseUnresolved, ProblemResolver } from "./resolver.ts";
import { LOCKED, scanVms } from "./scan.ts";
import { requireDeployment } from "../state/lookup.ts";

/** An instance as the health monitor names it: its group, and its id or index. */
export type InstanceName = readonly [group: string, idOrIndex: string];

/** Queues a `scan and fix` of some instances. */
export const startScanAndFix = (
  director: Director,
  deployment: string,
  instances: readonly InstanceName[],
  user: string,
): Task =>
  startTask(director, {
    type: "cck_scan_and_fix",
    description: "scan and fix",
    user,
    deployment,
    job: { kind: "scan_and_fix", args: { deployment, instances } },
  });

/**
 * `scan and fix`: scans the VMs of the named instances, and recreates those that are missing or have a dead
 * agent; each instance keeps its id, addresses and disk. It does not retry: the next alert asks for the next
 * attempt.
 */
export function* scanAndFix(director: Director, task: Task, args: TaskArguments["scan_and_fix"]): Body<string> {
  const deployment = requireDeployment(director, args.deployment);
  const options = { waitMs: 0, deployment: deployment.name, refusal: LOCKED };
  const errors = yield* withLock(
    director,
    task,
    deploymentLock(deployment.name),
    options,
    fixInstances(director, task, deployment, args.instances),
  );
  refuseUnresolved(errors);
  return "scan and fix complete";
}

function* fixInstances(
  director: Director,
  task: Task,
  deployment: Deployment,
  names: readonly InstanceName[],
): Body<readonly string[]> {
  const instances = names.map((name) => requireInstanceNamed(deployment, name));
  closeProblems(director, deployment.name, instances);
  yield* scanVms(director, task, instances);
  const resolver = new ProblemResolver(director, task, deployment);
  const { resolved, errors } = yield* resolver.resolve(resolutionsFor(director, deployment, instances));
  if (resolved > 0) yield* postDeployAll(director, deployment);
  return errors;
}

/** @throws DirectorError 70001 */
function requireInstanceNamed({ name, instances }: Deployment, [group, idOrIndex]: InstanceName): Instance {
  const found = instances.find(
    (each) => each.group === group && (each.id === idOrIndex || String(each.index) === idOrIndex),
  );
  if (found === undefined) throw new DirectorError(70001, `'${name}/${group}/${idOrIndex}' doesn't exist`);
  return found;
}

const FIXABLE = ["unresponsive_agent", "missing_vm"];

/** Chooses to recreate every VM that the scan found missing or unresponsive; the scan skips ignored instances. */
function resolutionsFor(
  director: Director,
  { name }: Deployment,
  instances: readonly Instance[],
): ReadonlyMap<string, string> {
  const ids = new Set(instances.map(({ id }) => id));
  return new Map(
    openProblems(director, name)
      .filter(({ type, instanceId }) => FIXABLE.includes(type) && ids.has(instanceId))
      .map(({ id }) => [String(id), "recreate_vm"]),
  );
}
