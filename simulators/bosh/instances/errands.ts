import type { TaskArguments } from "../tasks/jobs.ts";
import { hash } from "node:crypto";
import { all, type Body } from "../../kernel/index.ts";
import { actionFailure, callAgent } from "../agent/calls.ts";
import { runScript } from "../agent/script.ts";
import { storeBlob } from "../artifacts/blobs.ts";
import { compilePackages } from "../deploy/compile.ts";
import { createMissingVms } from "../deploy/create-vms.ts";
import { DEPLOYMENT_LOCK_MS, deploymentLock } from "../deploy/deployment-lock.ts";
import { planDeployed } from "../deploy/plan-deployed.ts";
import { replanInstance } from "../deploy/replan.ts";
import { hasIndexOrId, requireDeployment } from "../state/lookup.ts";
import type { DeployPlan, PlannedGroup } from "../deploy/adopt.ts";
import { runWithoutChanges } from "../deploy/run.ts";
import { updateGroup } from "../deploy/update-group.ts";
import { withAudit } from "../events/audit.ts";
import type { ReleaseVersion } from "../state/artifacts.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage, logWarning } from "../tasks/stage.ts";
import { checkpoint } from "../tasks/transitions.ts";
import { DirectorError } from "../wire/errors.ts";
import { deleteVm } from "./destroy-vm.ts";
import { fetchLogs } from "./logs.ts";
import { ownerOf, instanceTitle } from "./names.ts";

const RUN_MS = 1000;

/** How often a running errand asks whether it has been cancelled. */
const CHECK_MS = 1000;

const isErrandJob = (
  releases: readonly ReleaseVersion[],
  job: { readonly name: string; readonly release: string },
): boolean =>
  releases
    .find(({ name }) => name === job.release)
    ?.jobs.find(({ name }) => name === job.name)
    ?.templates.some(({ target }) => target === "bin/run") ?? false;

/** Groups whose lifecycle is errand, then every job that can be run as one. */
export function errandNames(plan: DeployPlan): readonly string[] {
  const groups = plan.groups.filter(({ group }) => group.errand).map(({ group }) => group.name);
  const jobs = plan.groups.flatMap((each) =>
    each.jobs.filter((job) => isErrandJob(plan.releases, job)).map(({ name }) => name),
  );
  return [...new Set([...groups, ...jobs])];
}

const PARALLEL =
  "Executing errand on multiple instances in parallel. Use the `--instance` flag to run the errand on a single instance.";

type ErrandArgs = TaskArguments["errand"];

interface ErrandTarget {
  readonly group: PlannedGroup;
  readonly instance: Instance;
  readonly job: string;
}

function targetsOf(plan: DeployPlan, { errand, instances }: ErrandArgs): readonly ErrandTarget[] {
  const isChosen = ({ group, instance }: ErrandTarget): boolean =>
    instances.length === 0 ||
    instances.some(
      (each) => each.group === group.group.name && (each.id === undefined || hasIndexOrId(instance, each.id)),
    );
  return plan.groups
    .flatMap((group) => {
      const jobs = group.jobs.filter((job) => isErrandJob(plan.releases, job));
      const job =
        group.group.errand && group.group.name === errand ? jobs[0] : jobs.find(({ name }) => name === errand);
      return job === undefined ? [] : group.instances.map((instance) => ({ group, instance, job: job.name }));
    })
    .filter(isChosen);
}

/** `run errand <e> from deployment <d>`: brings up the VMs of errand groups, runs the script, packs its logs (docs/discoveries/bosh-director.md, "Event log" and "Result output"). */
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
  const stage = new Stage(director, task, "Preparing deployment", 1);
  const { plan, targets } = yield* stage.step("Preparing deployment", prepareErrand(director, task, deployment, args));
  const groups = [...new Set(targets.map(({ group }) => group))];
  const digest = digestOf(director, plan, targets);
  if (args.whenChanged && deployment.errandRuns[args.errand] === digest) return "skipped - no changes detected";
  const errandGroups = groups.filter(({ group }) => group.errand);
  const run = runWithoutChanges(director, task, deployment);
  yield* createMissingVms(run, plan, errandGroups);
  for (const group of errandGroups) {
    // The jobs of an errand group are set up afresh for each run.
    for (const instance of group.instances) instance.clean = false;
    yield* updateGroup(run, plan, group);
  }
  if (targets.length > 1) logWarning(director, task, PARALLEL);
  const codes = yield* all(
    targets.map((target) => director.kernel.spawn("errand", runErrandOn(director, task, target, args.errand))),
  );
  if (!args.keepAlive)
    for (const { instances } of errandGroups)
      for (const instance of instances) yield* deleteVm(director, task, instance);
  const succeeded = codes.filter((code) => code === 0).length;
  const cancelled = codes.filter((code) => code > 128).length;
  if (succeeded === codes.length) deployment.errandRuns[args.errand] = digest;
  else delete deployment.errandRuns[args.errand];
  return `${succeeded} succeeded, ${codes.length - succeeded - cancelled} errored, ${cancelled} canceled`;
}

function* prepareErrand(
  director: Director,
  task: Task,
  deployment: Deployment,
  args: ErrandArgs,
): Body<{ plan: DeployPlan; targets: readonly ErrandTarget[] }> {
  const plan = planDeployed(director, deployment);
  if (plan === undefined) throw new DirectorError(70000, "- Deployment '' doesn't exist");
  if (!errandNames(plan).includes(args.errand)) throw new DirectorError(70009, `Errand '${args.errand}' doesn't exist`);
  const targets = targetsOf(plan, args);
  if (targets.length === 0) throw new DirectorError(510000, `No instances match selection criteria`);
  const errandGroups = [...new Set(targets.map(({ group }) => group))].filter(({ group }) => group.errand);
  if (errandGroups.length > 0) yield* compilePackages(director, task, deployment, plan, errandGroups);
  return { plan, targets };
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
  const script = instance.vm?.jobs.find(({ name }) => name === job)?.scripts.run ?? "";
  const outcome = runScript(director.options, script);
  const work = stage.step(instanceTitle(instance), followErrand(director, task, instance, outcome));
  let cancelled: unknown;
  try {
    yield* withAudit(director, task, what, work);
  } catch (error) {
    if (task.state !== "cancelling") throw error;
    // What it did until then is reported all the same.
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

/** The exit code of a script that was ended. */
const TERMINATED = 143;

/** Waits as long as the script of an errand takes. @throws DirectorError 10001 as soon as the task is cancelled */
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
