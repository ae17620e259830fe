import { requireDeployment } from "../state/lookup.ts";
import type { Body } from "../../kernel/index.ts";
import { audit } from "../events/audit.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { messageOf } from "../wire/errors.ts";
import type { DeployArgs } from "./args.ts";
import { compilePackages } from "./compile.ts";
import { createMissingVms } from "./create-vms.ts";
import { runPostDeploy, publishRecords, recordSuccess } from "./finish.ts";
import { DEPLOYMENT_LOCK_MS, deploymentLock } from "./deployment-lock.ts";
import type { DeployPlan, PlannedGroup } from "./adopt.ts";
import { prepareDeploy } from "./prepare.ts";
import { removeUnneeded } from "./remove.ts";
import type { DeployRun } from "./run.ts";
import { updateGroups } from "./update.ts";
import { closeDeployed, openVariableSet } from "./variable-sets.ts";

/**
 * `create deployment`: brings a deployment to what the manifest says (docs/discoveries/bosh-director.md, "Event log", "Deploys" and "CPI and agent
 * calls").
 */
export function* deploy(director: Director, task: Task, args: DeployArgs): Body<string> {
  const { deployment: name } = args;
  const deployment = requireDeployment(director, name);
  const before = { parts: partsOf(deployment), isNew: args.isNew };
  const run: DeployRun = { director, task, args, deployment, agents: new Map(), created: new Set(), isBound: false };
  const options = { waitMs: DEPLOYMENT_LOCK_MS, deployment: name };
  const work = function* (): Body {
    const set = args.change === null ? openVariableSet(deployment) : undefined;
    try {
      yield* perform();
      if (set !== undefined && !args.dryRun) closeDeployed(deployment, set);
    } finally {
      if (set !== undefined) set.isOpen = false;
    }
  };
  const perform = function* (): Body {
    const plan = yield* prepareDeploy(run);
    if (args.dryRun) return;
    yield* convergeDeployment(run, plan);
    auditDeploy(run, before, null);
  };
  try {
    yield* withLock(director, task, deploymentLock(name), options, work());
  } catch (error) {
    auditDeploy(run, before, messageOf(error));
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
  { director, task, deployment, isBound }: DeployRun,
  before: { readonly parts: object; readonly isNew: boolean },
  error: string | null,
): void {
  const { name } = deployment;
  const what = { action: before.isNew ? "create" : "update", type: "deployment", name, deployment: name };
  const parent = audit(director, task, what);
  const context = isBound ? { before: before.parts, after: partsOf(deployment) } : {};
  audit(director, task, { ...what, parent, error, context });
}

/** The groups that a deploy starts; an errand group only if it already has a VM, or was detached. */
const startingGroups = ({ groups }: DeployPlan): readonly PlannedGroup[] =>
  groups.filter(
    ({ group, instances }) => !group.errand || instances.some(({ vm, state }) => vm !== null || state === "detached"),
  );

/** The phases that touch VMs: compile, delete what is not needed, make what is missing, update the rest, finish. */
function* convergeDeployment(run: DeployRun, plan: DeployPlan): Body {
  const { director, task, deployment } = run;
  const groups = startingGroups(plan);
  yield* compilePackages(director, task, deployment, plan, groups);
  yield* removeUnneeded(run, plan.removed, { parallel: plan.removed.length, tags: [] });
  yield* createMissingVms(run, plan, groups);
  const isAnyUpdated = yield* updateGroups(run, plan, plan.groups);
  const isAnyRemoved = plan.removed.length > 0;
  if (run.created.size > 0 || isAnyRemoved || groups.some(({ unneeded }) => unneeded.length > 0))
    publishRecords(director, deployment);
  if (isAnyUpdated || isAnyRemoved) yield* runPostDeploy(director, deployment.instances);
  recordSuccess(run, plan);
}
