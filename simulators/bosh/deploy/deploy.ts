import { all, type Body } from "../../kernel/index.ts";
import { audit } from "../events/audit.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import { DirectorError, messageOf } from "../wire/errors.ts";
import type { DeployArgs } from "./args.ts";
import { serialBatches } from "./batches.ts";
import { compilePackages } from "./compile.ts";
import { createMissingVms } from "./create-vms.ts";
import { runPostDeploy, publishRecords, recordSuccess } from "./finish.ts";
import { DEPLOYMENT_LOCK_MS, deploymentLock } from "./lock.ts";
import type { DeployPlan, PlannedGroup } from "./plan.ts";
import { prepare } from "./prepare.ts";
import { removeInstances } from "./remove.ts";
import type { DeployRun } from "./run.ts";
import { updateGroup } from "./update.ts";

/** `create deployment`: brings a deployment to what the manifest says (docs/discoveries/bosh-director.md, "Event log", "Deploys" and "CPI and agent calls"). */
export function* deploy(director: Director, task: Task, args: Readonly<Record<string, unknown>>): Body<string> {
  const wanted = args as unknown as DeployArgs;
  const name = wanted.deployment;
  const deployment = director.slot.value.deployments.get(name);
  if (deployment === undefined) throw new DirectorError(70000, `Deployment '${name}' doesn't exist`);
  const before = partsOf(deployment);
  const isNew = deployment.manifest === null;
  const run: DeployRun = { director, task, args: wanted, deployment, agents: new Map(), created: new Set() };
  let plan: DeployPlan | undefined;
  const work = (function* (): Body {
    plan = yield* prepare(run);
    if (!wanted.dryRun) yield* converge(run, plan);
    if (!wanted.dryRun) auditDeploy(run, before, isNew, null);
  })();
  const options = { waitMs: DEPLOYMENT_LOCK_MS, deployment: name };
  try {
    yield* withLock(director, task, deploymentLock(name), options, work);
  } catch (error) {
    if (plan !== undefined || task.event !== "") auditDeploy(run, before, isNew, messageOf(error));
    throw error;
  }
  return `/deployments/${name}`;
}

const partsOf = (deployment: Deployment): object => {
  const list = (parts: Deployment["releases"]): readonly string[] =>
    parts.map(({ name, version }) => `${name}/${version}`);
  if (deployment.releases.length === 0 && deployment.stemcells.length === 0) return {};
  return { releases: list(deployment.releases), stemcells: list(deployment.stemcells) };
};

function auditDeploy(
  { director, task, deployment }: DeployRun,
  before: object,
  isNew: boolean,
  error: string | null,
): void {
  const what = {
    action: isNew ? "create" : "update",
    type: "deployment",
    name: deployment.name,
    deployment: deployment.name,
  };
  const parent = audit(director, task, what);
  audit(director, task, { ...what, parent, error, context: { before, after: partsOf(deployment) } });
}

const services = (plan: DeployPlan): readonly PlannedGroup[] => plan.groups.filter(({ group }) => !group.errand);

function* converge(run: DeployRun, plan: DeployPlan): Body {
  const { director, task, deployment } = run;
  yield* compilePackages(director, task, deployment, plan, services(plan));
  if (plan.removed.length > 0) {
    const stage = new Stage(director, task, "Deleting unneeded instances", plan.removed.length);
    yield* removeInstances(director, task, deployment, plan.removed, stage, {
      parallel: plan.removed.length,
      force: false,
    });
  }
  yield* createMissingVms(run, plan, services(plan));
  let touched = plan.removed.length > 0;
  for (const batch of serialBatches(services(plan))) {
    const runs = batch.map((group) =>
      director.kernel.spawn(`group ${group.group.name}`, updateGroup(run, plan, group)),
    );
    touched = (yield* all(runs)).some(Boolean) || touched;
  }
  const isRecordChange =
    run.created.size > 0 || plan.removed.length > 0 || services(plan).some(({ unneeded }) => unneeded.length > 0);
  if (isRecordChange) {
    publishRecords(director);
    deployment.hasRecords = true;
  }
  if (touched) yield* runPostDeploy(director, deployment.instances);
  recordSuccess(run, plan);
}
