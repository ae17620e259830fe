import type { TaskArguments } from "../tasks/jobs.ts";
import { hash } from "node:crypto";
import { all, type Body } from "../../kernel/index.ts";
import { actionFailure, callAgent } from "../agent/calls.ts";
import { runScript } from "../agent/script.ts";
import { storeBlob } from "../artifacts/blobs.ts";
import { createMissingVms } from "../deploy/create-vms.ts";
import { DEPLOYMENT_LOCK_MS, deploymentLock } from "../deploy/deployment-lock.ts";
import { replanInstance } from "../deploy/replan.ts";
import { requireDeployment } from "../state/lookup.ts";
import type { DeployPlan, PlannedGroup } from "../deploy/adopt.ts";
import { type DeployRun, runWithoutChanges } from "../deploy/run.ts";
import { updateGroup } from "../deploy/update-group.ts";
import { withAudit } from "../events/audit.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import { checkpoint } from "../tasks/transitions.ts";
import { deleteVm } from "./destroy-vm.ts";
import { type ErrandTarget, prepareErrand } from "./errand-targets.ts";
import { fetchLogs } from "./logs.ts";
import { ownerOf, instanceTitle } from "./names.ts";

const RUN_MS = 1000;

/** How often a running errand asks whether it has been cancelled. */
const CHECK_MS = 1000;

type ErrandArgs = TaskArguments["errand"];

/**
 * `run errand <e> from deployment <d>`: brings up the VMs of errand groups, runs the script, packs its logs (docs/discoveries/bosh-director.md,
 * "Event log" and "Result output").
 */
export function* runErrand(director: Director, task: Task, args: TaskArguments["errand"]): Body<string> {
  const deployment = requireDeployment(director, args.deployment);
  const options = { waitMs: DEPLOYMENT_LOCK_MS, deployment: deployment.name };
  return yield* withLock(
    director,
    task,
    deploymentLock(deployment.name),
    options,
    performErrand(director, task, deployment, args),
  );
}

function* performErrand(director: Director, task: Task, deployment: Deployment, args: ErrandArgs): Body<string> {
  const { plan, targets } = yield* prepareErrand(director, task, deployment, args);
  const digest = digestOf(director, plan, targets);
  if (args.whenChanged && deployment.errandRuns[args.errand] === digest) return "skipped - no changes detected";
  const errandGroups = [...new Set(targets.map(({ group }) => group))].filter(({ group }) => group.errand);
  delete deployment.errandRuns[args.errand];
  let codes: readonly number[];
  try {
    yield* raiseGroups(runWithoutChanges(director, task, deployment), plan, errandGroups);
    const runs = targets.map((target) =>
      director.kernel.spawn("errand", runErrandOn(director, task, target, args.errand)),
    );
    codes = yield* all(runs);
  } catch (error) {
    if (!args.keepAlive) yield* deleteVms(director, task, errandGroups);
    throw error;
  }
  if (!args.keepAlive) yield* deleteVms(director, task, errandGroups);
  const succeeded = codes.filter((code) => code === 0).length;
  const cancelled = codes.filter((code) => code > 128).length;
  if (succeeded === codes.length) deployment.errandRuns[args.errand] = digest;
  return `${succeeded} succeeded, ${codes.length - succeeded - cancelled} errored, ${cancelled} canceled`;
}

/** Creates the VMs of errand groups and sets up their jobs. */
function* raiseGroups(run: DeployRun, plan: DeployPlan, groups: readonly PlannedGroup[]): Body {
  yield* createMissingVms(run, plan, groups);
  for (const group of groups) {
    // The jobs of an errand group are set up afresh for each run.
    for (const instance of group.instances) instance.clean = false;
    yield* updateGroup(run, plan, group);
  }
}

function* deleteVms(director: Director, task: Task, groups: readonly PlannedGroup[]): Body {
  for (const { instances } of groups) for (const instance of instances) yield* deleteVm(director, task, instance);
}

function digestOf(director: Director, plan: DeployPlan, targets: readonly ErrandTarget[]): string {
  const parts = targets.map(({ group, instance }) => {
    const { configuration, packages } = replanInstance(director, plan, group, instance).parts;
    return [instance.id, configuration, packages];
  });
  return hash("sha1", JSON.stringify(parts), "hex");
}

function* runErrandOn(director: Director, task: Task, { instance, job }: ErrandTarget, errand: string): Body<number> {
  checkpoint(task);
  const what = { action: "run", type: "errand", name: errand, ...ownerOf(instance) };
  const stage = new Stage(director, task, "Running errand", 1);
  const script = instance.vm?.jobs.find(({ name }) => name === job)?.scripts.run;
  const outcome = script === undefined ? missingScript(job) : runScript(director.options, script);
  const work = stage.step(instanceTitle(instance), followErrand(director, task, instance, outcome));
  let cancelled: unknown;
  try {
    yield* withAudit(director, task, what, work);
  } catch (error) {
    if (task.state !== "cancelling") throw error;
    // The output so far is reported nonetheless.
    cancelled = error;
  }
  const members = yield* fetchLogs(director, task, instance, "job", []);
  const logs = storeBlob(director, members);
  const line = {
    instance: { group: instance.group, id: instance.id },
    errand_name: errand,
    exit_code: cancelled === undefined ? outcome.exitCode : TERMINATED,
    stdout: outcome.stdout,
    stderr: outcome.stderr,
    logs: { blobstore_id: logs.id, sha1: logs.sha1 },
  };
  task.resultOutput += `${JSON.stringify(line)}\n`;
  if (cancelled !== undefined) throw cancelled;
  return outcome.exitCode;
}

/** The result of an errand without a `bin/run`. */
function missingScript(job: string): ReturnType<typeof runScript> {
  const path = `/var/vcap/jobs/${job}/bin/run`;
  const startError = `Starting command '${path}': fork/exec ${path}: no such file or directory`;
  return { exitCode: 1, stdout: "", stderr: "", sleptMs: 0, trace: "", isRun: false, startError };
}

/** The exit code of a script that was killed. */
const TERMINATED = 143;

/** Waits for as long as an errand's script takes. @throws DirectorError 10001 as soon as the task is cancelled */
function* followErrand(
  director: Director,
  task: Task,
  instance: Instance,
  { startError, sleptMs }: ReturnType<typeof runScript>,
): Body {
  yield* callAgent(director, instance, "run_errand");
  if (startError !== undefined) throw actionFailure(director, `Running errand script: ${startError}`);
  for (let left = director.kernel.work(RUN_MS + sleptMs); left > 0; left -= CHECK_MS) {
    checkpoint(task);
    yield Math.min(CHECK_MS, left);
  }
}
