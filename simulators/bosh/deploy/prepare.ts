import type { Body } from "../../kernel/index.ts";
import { callAgent } from "../agent/calls.ts";
import { agentState } from "../agent/state.ts";
import { releaseLock } from "../artifacts/release-lock.ts";
import { vmProperties } from "../configs/cloud-config.ts";
import { readDeployConfigs } from "../configs/deploy-configs.ts";
import type { VmNetwork } from "../cpi/cpi.ts";
import { instanceName } from "../instances/names.ts";
import { bindLinks } from "../links/bind.ts";
import { groupKey, numberForDns } from "../links/content.ts";
import { commitLinks, refuseLate } from "../links/resolve.ts";
import { withLock } from "../tasks/locks.ts";
import { pause } from "../tasks/pause.ts";
import { logWarning, Stage, warnDeprecated } from "../tasks/stage.ts";
import type { Director } from "../state/director.ts";
import { GroupRenderError, underHeading } from "../templates/jobs.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { reserveAddresses } from "./addresses.ts";
import { adoptPlan, type DeployPlan, type PlannedGroup } from "./adopt.ts";
import type { Manifest } from "./manifest.ts";
import { checkTopLevel, readManifest } from "./read-manifest.ts";
import { planInstance } from "./plan-instance.ts";
import { planInstances } from "./plan.ts";
import { bindReleases, checkJobs, type ResolvedManifest, resolveManifest } from "./references.ts";
import { resolveStemcell } from "./stemcells.ts";
import { type DeployRun, isChosen } from "./run.ts";
import { planSwaps } from "./swap.ts";
import { currentSet, runningSet } from "./variable-sets.ts";
import { generateVariables } from "./variables.ts";
import type { Deployment } from "../state/deployments.ts";

const PREPARE_MS = 1500;
/** Added for each instance. */
const PREPARE_INSTANCE_MS = 100;
const RELEASE_LOCK_MS = 300_000;

type Networks = ReadonlyMap<string, readonly VmNetwork[]>;

interface Prepared {
  readonly plan: DeployPlan;
  readonly networks: Networks;
}

/** The first phase of a deploy: reads the manifest, plans, reserves and renders. It touches no VM. @throws DirectorError for what can't be deployed */
export function* prepareDeploy(run: DeployRun): Body<DeployPlan> {
  const { director, task, deployment } = run;
  const resolved = resolveRun(run);
  const stage = new Stage(director, task, "Preparing deployment", 1);
  const { plan, networks } = yield* stage.step("Preparing deployment", bindAll(run, resolved));
  if (deployment.instances.some(({ ignore }) => ignore))
    logWarning(director, task, "You have ignored instances. They will not be changed.");
  warnOfFuture(run);
  run.isBound = true;
  yield* stage.step("Rendering templates", renderAll(run, plan, networks));
  return plan;
}

/** Reads and resolves the manifest. @throws DirectorError 440001, or for the first rule that it breaks */
function resolveRun({ director, task, args, deployment }: DeployRun): ResolvedManifest {
  const text = args.manifest ?? deployment.manifest;
  if (text === null) throw new DirectorError(440001, "No successful BOSH deployment manifest available");
  const fields = readManifest(text);
  checkTopLevel(fields);
  if (Object.hasOwn(fields, "properties"))
    warnDeprecated(director, task, "Global 'properties' are deprecated. Please define 'properties' at the job level.");
  const { manifest, config } = readDeployConfigs(director, deployment.name, fields, args, currentSet(deployment));
  return resolveManifest(director.slot.value, deployment.name, manifest, config, director.kernel.nowMs);
}

/** Finds everything that the manifest names, asks the agents, and reserves (assembler.rb in bosh-director). */
function* bindAll(run: DeployRun, resolved: ResolvedManifest): Body<Prepared> {
  const { director, task } = run;
  commitLinks(director, resolved.linkTable);
  numberAll(run, resolved);
  const releases = resolved.manifest.releases.map(({ name }) => name).sort();
  yield* releases.reduceRight<Body>(
    (inner, name) => withLock(director, task, releaseLock(name), { waitMs: RELEASE_LOCK_MS }, inner),
    pause(0),
  );
  bindReleases(director.slot.value, resolved.manifest);
  for (const stemcell of resolved.manifest.stemcells) resolveStemcell(director.slot.value, stemcell);
  yield* askAgents(run);
  return yield* reserveForPlan(run, resolved);
}

function numberAll(
  { director, deployment: { name } }: DeployRun,
  { manifest, config, linkTable }: ResolvedManifest,
): void {
  const own = linkTable.providers.filter((each) => each.deployment === name && each.kind === "job");
  numberForDns(director, {
    zones: config.azs.keys(),
    networks: config.networks.keys(),
    groups: [
      ...manifest.groups.map((group) => groupKey("instance-group", group.name, name)),
      ...own.map((each) => groupKey("link", `${each.name}-${each.type}`, name)),
    ],
  });
}

const prepareMs = ({ groups }: Manifest): number =>
  PREPARE_MS + PREPARE_INSTANCE_MS * groups.reduce((sum, { instances }) => sum + instances, 0);

/** Adopts the plan and reserves what it needs: addresses and variables. */
function* reserveForPlan(run: DeployRun, resolved: ResolvedManifest): Body<Prepared> {
  const { director, task, args, deployment } = run;
  const { manifest, releases } = resolved;
  yield director.kernel.work(prepareMs(manifest));
  refuseChangesOfIgnored({ args, deployment });
  const planned = planInstances(director.slot.value, deployment, resolved);
  checkJobs(resolved, planned.groups);
  const set = args.change === null ? currentSet(deployment) : runningSet(deployment);
  const plan = adoptPlan(director, deployment, planned, set);
  refuseLossOfIgnored(deployment, manifest);
  const networks = new Map<string, readonly VmNetwork[]>();
  for (const group of plan.groups) {
    planSwaps(run, plan, group);
    for (const instance of group.instances) {
      if (group.fresh.has(instance.id) && instance.vm === null)
        instance.cloudProperties = vmProperties(plan.config, instance.az, group.group, director.cpi);
      networks.set(instance.id, reserveAddresses(director, plan, group, instance));
    }
  }
  refuseLate(resolved, deployment.name);
  const needed = new Set(plan.groups.flatMap(({ instances }) => instances.map(({ id }) => id)));
  bindLinks(director, deployment.name, resolved.links, needed);
  if (args.change === null)
    generateVariables(
      {
        director,
        task,
        deployment,
        converges: manifest.features.converge_variables === true,
        isStemcellNew: areStemcellsNew(deployment, plan),
      },
      manifest,
    );
  deployment.releases = releases.map(({ name, version }) => ({ name, version }));
  deployment.stemcells = plan.stemcells.map(({ name, version }) => ({ name, version }));
  return { plan, networks };
}

/** Whether the plan uses none of the deployment's stemcells. */
const areStemcellsNew = ({ stemcells }: Deployment, plan: DeployPlan): boolean =>
  !stemcells.some((before) =>
    plan.stemcells.some((each) => each.name === before.name && each.version === before.version),
  );

/** Renders every template once, so that what can't be rendered is refused before a VM is touched. */
function* renderAll({ director }: DeployRun, plan: DeployPlan, networks: Networks): Body {
  yield director.kernel.work(prepareMs(plan.manifest));
  const errors = plan.groups
    .filter(({ group, instances }) => !group.errand || instances.some(({ vm }) => vm !== null))
    .flatMap((group) => errorsOf(director, plan, group, networks));
  if (errors.length > 0)
    throw new DirectorError(
      UNCLASSED,
      underHeading("Unable to render instance groups for deployment. Errors are:", errors.join("\n")),
    );
}

/** The reason why a group can't be rendered: the first error among its instances. */
function errorsOf(director: Director, plan: DeployPlan, group: PlannedGroup, networks: Networks): readonly string[] {
  for (const instance of group.instances.filter(({ ignore }) => !ignore)) {
    try {
      planInstance(director, plan, group, instance, networks.get(instance.id) ?? []);
    } catch (error) {
      if (!(error instanceof GroupRenderError)) throw error;
      return [error.message];
    }
  }
  return [];
}

/**
 * Calls get_state on every VM. A silent agent ends the deploy unless it is to be fixed.
 * @throws DirectorError 450002
 */
function* askAgents({ director, args, deployment, agents }: DeployRun): Body {
  for (const instance of deployment.instances) {
    if (instance.ignore) continue;
    const state = agentState(director, instance);
    agents.set(instance.id, state);
    if (state === "silent" && !args.fix) yield* callAgent(director, instance, "get_state");
  }
}

/** @throws DirectorError 140021 */
function refuseChangesOfIgnored({ args, deployment }: Pick<DeployRun, "args" | "deployment">): void {
  const ignored = deployment.instances.filter(({ ignore }) => ignore);
  const { change } = args;
  // A change of state for a whole group skips ignored instances.
  const changed = ignored.find((instance) => change !== null && change.id !== null && isChosen(change, instance));
  if (changed !== undefined)
    throw new DirectorError(
      140021,
      `You are trying to change the state of the ignored instance '${instanceName(changed)}'. This operation is not allowed. You need to unignore it first.`,
    );
}

/** Called once the groups of the manifest have their instances. @throws DirectorError 190021 */
function refuseLossOfIgnored({ instances }: Deployment, manifest: Manifest): void {
  for (const { group } of instances.filter(({ ignore }) => ignore)) {
    const isKept = manifest.groups.some(
      ({ name, migratedFrom }) => name === group || migratedFrom.some((each) => each.name === group),
    );
    if (!isKept)
      throw new DirectorError(
        190021,
        `You are trying to delete instance group '${group}', which contains ignored instance(s). Operation not allowed.`,
      );
  }
}

function warnOfFuture({ director, task, args }: DeployRun): void {
  if (args.recreateBeforeMs === null || args.recreateBeforeMs <= director.kernel.nowMs) return;
  logWarning(
    director,
    task,
    `The recreate_vms_created_before timestamp '${args.recreateBefore}' is in the future. No VMs will be filtered by age - all VMs marked for recreation will be recreated.`,
  );
}
