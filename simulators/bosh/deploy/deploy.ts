import { readYaml } from "../templates/yaml.ts";
import { all, type Body } from "../../kernel/index.ts";
import { agentCall, agentState } from "../agent/calls.ts";
import type { Director } from "../state/director.ts";
import { DirectorError, messageOf } from "../wire/errors.ts";
import { audit } from "../events/audit.ts";
import type { Config, Deployment, DesiredState, Instance, Task } from "../state/index.ts";
import { checkpoint, holding, Stage, warn } from "../tasks/queue.ts";
import { releaseLock } from "../artifacts/releases.ts";
import { takeSnapshot } from "../instances/snapshots.ts";
import type { VmNetwork } from "../cpi/cpi.ts";
import { parseCloudConfig } from "../configs/cloud-config.ts";
import { compile } from "./compile.ts";
import type { Fields } from "../configs/fields.ts";
import {
  audited,
  createVm,
  deleteVm,
  detachAndDelete,
  metadataOf,
  nameOf,
  of,
  postDeploy,
  start,
  stop,
  title,
} from "../instances/vm.ts";
import { addonsOf, amountOf, type Manifest, parseManifest, readManifest } from "./manifest.ts";
import {
  changesOf,
  type DeployPlan,
  place,
  planInstance,
  type PlannedGroup,
  type PlannedInstance,
  RENEWING,
  reserveAll,
  resolve,
  type Wishes,
} from "./plan.ts";
import { publishRecords, removeInstances } from "./remove.ts";
import { generate, resolverFor } from "./variables.ts";

/** What the route of a deploy hands to its task: plain data. */
export interface DeployArgs {
  readonly deployment: string;
  /** The text; null takes that of the last successful deploy. */
  readonly manifest: string | null;
  readonly cloudConfigIds: readonly number[];
  readonly runtimeConfigIds: readonly number[];
  readonly recreate: boolean;
  readonly recreateDisks: boolean;
  /** Only VMs made before this time are recreated, ms since the epoch. */
  readonly recreateBeforeMs: number | null;
  readonly recreateBefore: string | null;
  readonly fix: boolean;
  /** `*` or a comma list of groups. */
  readonly skipDrain: string | null;
  readonly canaries: string | null;
  readonly maxInFlight: string | null;
  readonly dryRun: boolean;
  readonly change: StateChange | null;
}

/** `PUT /deployments/:d/jobs/:g[/:i]?state=`. */
export interface StateChange {
  readonly group: string;
  readonly id: string | null;
  readonly state: string;
}

export const DEPLOYMENT_LOCK_MS = 10_000;
const CREATE_VMS_PARALLEL = 5;
const PREPARE_MS = 1500;
const RELEASE_LOCK_MS = 300_000;

export const deploymentLock = (name: string): string => `lock:deployment:${name}`;

export const configsOf = (director: Director, ids: readonly number[]): readonly Config[] =>
  ids.flatMap((id) => director.slot.value.configs.find((each) => each.id === id) ?? []);

const STATES: Readonly<Record<string, DesiredState>> = {
  started: "started",
  stopped: "stopped",
  detached: "detached",
  restart: "started",
  recreate: "started",
};

/** One deploy at work. */
export interface Run {
  readonly director: Director;
  readonly task: Task;
  readonly args: DeployArgs;
  readonly deployment: Deployment;
  /** What each agent said before anything was done. */
  readonly agents: Map<string, Wishes["agent"]>;
  /** Instances whose VM was made in this run. */
  readonly created: Set<string>;
}

/** `create deployment`: brings a deployment to what the manifest says (docs/discoveries/bosh-director.md, "Event log", "Deploys" and "CPI and agent calls"). */
export function* deploy(director: Director, task: Task, args: Readonly<Record<string, unknown>>): Body<string> {
  const wanted = args as unknown as DeployArgs;
  const name = wanted.deployment;
  const deployment = director.slot.value.deployments.get(name);
  if (deployment === undefined) throw new DirectorError(70000, `Deployment '${name}' doesn't exist`);
  const before = partsOf(deployment);
  const isNew = deployment.manifest === null;
  const run: Run = { director, task, args: wanted, deployment, agents: new Map(), created: new Set() };
  let plan: DeployPlan | undefined;
  const work = (function* (): Body {
    plan = yield* prepare(run);
    if (!wanted.dryRun) yield* converge(run, plan);
    if (!wanted.dryRun) auditDeploy(run, before, isNew, null);
  })();
  const options = { waitMs: DEPLOYMENT_LOCK_MS, deployment: name };
  try {
    yield* holding(director, task, deploymentLock(name), options, work);
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

function auditDeploy({ director, task, deployment }: Run, before: object, isNew: boolean, error: string | null): void {
  const what = {
    action: isNew ? "create" : "update",
    type: "deployment",
    name: deployment.name,
    deployment: deployment.name,
  };
  const parent = audit(director, task, what);
  audit(director, task, { ...what, parent, error, context: { before, after: partsOf(deployment) } });
}

/** Parses, checks, places and renders. Everything up to here changes nothing but records. */
function* prepare(run: Run): Body<DeployPlan> {
  const { director, task, args, deployment } = run;
  const { kernel } = director;
  const text = args.manifest ?? deployment.manifest;
  if (text === null) throw new DirectorError(440001, "No successful BOSH deployment manifest available");
  if (args.change !== null && !Object.hasOwn(STATES, args.change.state))
    throw new DirectorError(
      140008,
      `Invalid state '${args.change.state}' for '${args.change.group}', valid states are: started, stopped, detached, recreate, restart`,
    );
  const manifest = withRuntime(director, parseManifest(readManifest(text)), args.runtimeConfigIds);
  const config = parseCloudConfig(configsOf(director, args.cloudConfigIds).map(({ content }) => content));
  const wanted = resolve(director, deployment, manifest, config);
  yield* askAgents(run);
  for (const { name } of manifest.releases)
    yield* holding(director, task, releaseLock(name), { waitMs: RELEASE_LOCK_MS }, pause(0));
  const size = manifest.groups.reduce((sum, { instances }) => sum + instances, 0);
  const stage = new Stage(director, task, "Preparing deployment", 1);
  const networks = new Map<string, readonly VmNetwork[]>();
  const plan = yield* stage.step(
    "Preparing deployment",
    (function* (): Body<DeployPlan> {
      yield kernel.work(PREPARE_MS + 100 * size);
      refuseIgnored(run, manifest);
      const placed = place(director, deployment, wanted);
      for (const group of placed.groups)
        for (const instance of group.instances)
          networks.set(instance.id, reserveAll(director, placed, group, instance));
      const made = generate(director, task, deployment, manifest);
      deployment.variables = made.map(({ id, name }) => ({ id, name }));
      deployment.releases = wanted.releases.map(({ name, version }) => ({ name, version }));
      deployment.stemcells = placed.stemcells.map(({ name, version }) => ({ name, version }));
      return placed;
    })(),
  );
  if (deployment.instances.some(({ ignore }) => ignore))
    warn(director, task, "You have ignored instances. They will not be changed.");
  warnOfFuture(run);
  yield* stage.step(
    "Rendering templates",
    (function* (): Body {
      yield kernel.work(PREPARE_MS + 100 * size);
      for (const group of plan.groups)
        for (const instance of group.instances) planned(run, plan, group, instance, networks);
    })(),
  );
  return plan;
}

function* pause(ms: number): Body {
  yield ms;
}

/** Runtime configs add releases, addons, tags and variables to every manifest. */
function withRuntime(director: Director, manifest: Manifest, ids: readonly number[]): Manifest {
  const runtimes = configsOf(director, ids).map(({ content }) => (readYaml(content) ?? {}) as Fields);
  const addons = runtimes.flatMap(addonsOf);
  const releases = runtimes
    .flatMap((each) => (each.releases ?? []) as readonly { readonly name: string; readonly version: unknown }[])
    .filter(({ name }) => !manifest.releases.some((each) => each.name === name))
    .map(({ name, version }) => ({ name, version: String(version) }));
  const tags = Object.assign(
    {},
    ...runtimes.map((each) => (each.tags ?? {}) as object),
    manifest.tags,
  ) as Manifest["tags"];
  return { ...manifest, addons: [...manifest.addons, ...addons], releases: [...manifest.releases, ...releases], tags };
}

/** get_state of every VM; one that keeps silent ends the deploy unless it is to be fixed. @throws DirectorError 450002 */
function* askAgents({ director, args, deployment, agents }: Run): Body {
  for (const instance of deployment.instances) {
    if (instance.ignore) continue;
    const said = agentState(director, instance);
    agents.set(instance.id, said);
    if (said === "silent" && !args.fix) yield* agentCall(director, instance, "get_state");
  }
}

const isChosen = (change: StateChange, instance: Instance): boolean =>
  (change.group === "*" || change.group === instance.group) &&
  (change.id === null || change.id === instance.id || change.id === String(instance.index));

/** @throws DirectorError 140021, 190021 */
function refuseIgnored({ args, deployment }: Run, manifest: Manifest): void {
  const ignored = deployment.instances.filter(({ ignore }) => ignore);
  const changed = ignored.find((instance) => args.change !== null && isChosen(args.change, instance));
  if (changed !== undefined)
    throw new DirectorError(
      140021,
      `You are trying to change the state of the ignored instance '${nameOf(changed)}'. This operation is not allowed. You need to unignore it first.`,
    );
  for (const { group } of ignored) {
    const isKept = manifest.groups.some(({ name, migratedFrom }) => name === group || migratedFrom.includes(group));
    if (!isKept)
      throw new DirectorError(
        190021,
        `You are trying to delete instance group '${group}', which contains ignored instance(s). Operation not allowed.`,
      );
  }
}

function warnOfFuture({ director, task, args }: Run): void {
  if (args.recreateBeforeMs === null || args.recreateBeforeMs <= director.kernel.nowMs) return;
  warn(
    director,
    task,
    `The recreate_vms_created_before timestamp '${args.recreateBefore}' is in the future. No VMs will be filtered by age - all VMs marked for recreation will be recreated.`,
  );
}

function planned(
  { director, deployment }: Run,
  plan: DeployPlan,
  group: PlannedGroup,
  instance: Instance,
  networks: ReadonlyMap<string, readonly VmNetwork[]>,
): PlannedInstance {
  const known = networks.get(instance.id) ?? reserveAll(director, plan, group, instance);
  return planInstance(director, plan, group, instance, known, resolverFor(director, deployment));
}

/** Plans an instance of a group anew: what it links to may have changed since. */
export const planOf = (
  run: Pick<Run, "director" | "deployment">,
  plan: DeployPlan,
  group: PlannedGroup,
  instance: Instance,
): PlannedInstance => planned(run as Run, plan, group, instance, new Map());

const services = (plan: DeployPlan): readonly PlannedGroup[] => plan.groups.filter(({ group }) => !group.errand);

function* converge(run: Run, plan: DeployPlan): Body {
  const { director, task, deployment } = run;
  yield* compile(director, task, deployment, plan, services(plan));
  if (plan.removed.length > 0) {
    const stage = new Stage(director, task, "Deleting unneeded instances", plan.removed.length);
    yield* removeInstances(director, task, deployment, plan.removed, stage, {
      parallel: plan.removed.length,
      force: false,
    });
  }
  yield* createMissing(run, plan, services(plan));
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
  if (touched) yield* postDeploy(director, deployment.instances);
  succeed(run, plan);
}

/** Groups one after the other; neighbours that are not serial go together. */
export function serialBatches(groups: readonly PlannedGroup[]): readonly (readonly PlannedGroup[])[] {
  const batches: PlannedGroup[][] = [];
  let open: PlannedGroup[] | undefined;
  for (const each of groups) {
    if (each.group.update.serial) {
      batches.push([each]);
      open = undefined;
    } else if (open === undefined) batches.push((open = [each]));
    else open.push(each);
  }
  return batches;
}

const desiredOf = ({ args }: Run, instance: Instance): DesiredState =>
  args.change !== null && isChosen(args.change, instance)
    ? (STATES[args.change.state] ?? instance.state)
    : instance.state;

function* createMissing(run: Run, plan: DeployPlan, groups: readonly PlannedGroup[]): Body {
  const { director, task } = run;
  const missing = groups.flatMap((group) =>
    group.instances
      .filter((instance) => instance.vm === null && !instance.ignore && desiredOf(run, instance) !== "detached")
      .map((instance) => ({ group, instance })),
  );
  if (missing.length === 0) return;
  const stage = new Stage(director, task, "Creating missing vms", missing.length);
  yield* inBatches(director, missing, CREATE_VMS_PARALLEL, ({ group, instance }) =>
    stage.step(title(instance), createVm(director, task, planOf(run, plan, group, instance))),
  );
  for (const { instance } of missing) run.created.add(instance.id);
}

export { createMissing };

/** At most `width` at once. What runs is let finish when one fails; then the first failure is thrown. */
export function* inBatches<T>(director: Director, items: readonly T[], width: number, work: (item: T) => Body): Body {
  const waiting = [...items];
  let failed: { readonly error: unknown } | undefined;
  function* worker(): Body {
    for (let item = waiting.shift(); item !== undefined && failed === undefined; item = waiting.shift()) {
      try {
        yield* work(item);
      } catch (error) {
        failed ??= { error };
      }
    }
  }
  yield* all(Array.from({ length: Math.min(width, items.length) }, () => director.kernel.spawn("worker", worker())));
  if (failed !== undefined) throw failed.error;
}

/** Answers whether anything was done. */
export function* updateGroup(run: Run, plan: DeployPlan, planned: PlannedGroup): Body<boolean> {
  const { director, task, deployment, args } = run;
  const { group, instances, unneeded } = planned;
  const maxInFlight = amountOf(args.maxInFlight ?? group.update.maxInFlight, instances.length);
  if (unneeded.length > 0) {
    const stage = new Stage(director, task, "Deleting unneeded instances", unneeded.length, [group.name]);
    yield* removeInstances(director, task, deployment, unneeded, stage, { parallel: maxInFlight, force: false });
  }
  const changed = instances.filter((instance) => changesFor(run, planOf(run, plan, planned, instance)).length > 0);
  if (changed.length === 0) return unneeded.length > 0;
  const stage = new Stage(director, task, "Updating instance", changed.length, [group.name]);
  const canaries = amountOf(args.canaries ?? group.update.canaries, instances.length);
  const update = (instance: Instance, canary: boolean): Body =>
    updateInstance(run, planOf(run, plan, planned, instance), stage, canary);
  yield* inBatches(director, changed.slice(0, canaries), canaries, (each) => update(each, true));
  yield* inBatches(director, changed.slice(canaries), maxInFlight, (each) => update(each, false));
  return true;
}

function wishesFor(run: Run, { instance }: PlannedInstance): Wishes {
  const { args, agents } = run;
  const chosen = args.change !== null && isChosen(args.change, instance);
  const verb = chosen ? args.change?.state : undefined;
  const asked = args.recreate || verb === "recreate";
  const before = args.recreateBeforeMs;
  const isOld = before === null || before > run.director.kernel.nowMs || (instance.vm?.createdMs ?? 0) < before;
  return {
    recreate:
      (asked && isOld && instance.applied?.configuration !== undefined) ||
      (args.fix && agents.get(instance.id) === "silent"),
    agent: agents.get(instance.id) ?? "running",
    desired: desiredOf(run, instance),
    isVmNew: run.created.has(instance.id),
    recreatesDisks: args.recreateDisks,
    verb: verb === "recreate" && !isOld ? undefined : verb,
  };
}

function changesFor(run: Run, each: PlannedInstance): ReturnType<typeof changesOf> {
  return each.instance.ignore ? [] : changesOf(each, wishesFor(run, each));
}

function* updateInstance(run: Run, each: PlannedInstance, stage: Stage, canary: boolean): Body {
  const { director, task } = run;
  const { instance } = each;
  checkpoint(task);
  const changes = changesFor(run, each);
  const { desired, verb } = wishesFor(run, each);
  const action = actionOf(each, desired, verb);
  const context = action === "create" ? { az: instance.az } : action === "update" ? { az: instance.az, changes } : {};
  const work = converging(run, each, changes, desired, stage, canary);
  yield* audited(director, task, { action, type: "instance", name: nameOf(instance), ...of(instance), context }, work);
}

function actionOf({ instance, isNew }: PlannedInstance, desired: DesiredState, verb: string | undefined): string {
  if (isNew) return "create";
  if (verb === "restart" || verb === "recreate") return verb;
  if (desired !== "started") return "stop";
  return instance.state === "started" ? "update" : "start";
}

function* converging(
  run: Run,
  each: PlannedInstance,
  changes: ReturnType<typeof changesOf>,
  desired: DesiredState,
  stage: Stage,
  canary: boolean,
): Body {
  const step = stage.begin(`${title(each.instance)}${canary ? " (canary)" : ""}`);
  try {
    yield* work();
    step.finish();
  } catch (error) {
    step.fail(error);
    throw error;
  }
  function* work(): Body {
    const { director, task, args } = run;
    const { instance, group } = each;
    if (changes.every((change) => change === "tags" || change === "dns")) {
      if (instance.vm !== null) yield* director.cpi.setVmMetadata(instance.vm.cid, metadataOf(director, instance));
      instance.applied = { ...instance.applied, ...each.parts };
      return;
    }
    const wasStarted = instance.state === "started";
    const isVmNew = each.isNew || run.created.has(instance.id);
    instance.clean = false;
    const skipDrain = args.skipDrain === "*" || (args.skipDrain?.split(",").includes(group.name) ?? false);
    const isSilent = run.agents.get(instance.id) === "silent";
    if (wasStarted && instance.vm !== null && !isSilent) yield* stop(director, instance, step, skipDrain);
    instance.state = desired;
    if (desired !== "started") {
      if (desired === "detached") yield* detachAndDelete(director, task, instance);
      instance.clean = true;
      return;
    }
    if (!each.isNew && instance.disk !== null) yield* takeSnapshot(director, instance);
    if (!isVmNew && instance.vm !== null && changes.some((change) => RENEWING.has(change))) {
      yield* isSilent ? deleteVm(director, task, instance) : detachAndDelete(director, task, instance);
      yield* createVm(director, task, each);
    }
    const watch = canary ? group.update.canaryWatch : group.update.updateWatch;
    yield* start(director, task, each, { watch, base: wasStarted ? 40 : 0, renewsDisk: args.recreateDisks }, step);
  }
}

function succeed({ director, args, deployment }: Run, plan: DeployPlan): void {
  deployment.manifest = args.manifest ?? deployment.manifest;
  deployment.cloudConfigIds = args.cloudConfigIds;
  deployment.runtimeConfigIds = args.runtimeConfigIds;
  director.kernel.record("bosh", "deployment.update", deployment.name, {
    instances: deployment.instances.length,
    releases: plan.releases.map(({ name, version }) => `${name}/${version}`),
  });
}

/** A run that changes nothing of what was last deployed: for errands and single instances. */
export const runOf = (director: Director, task: Task, deployment: Deployment): Run => ({
  director,
  task,
  deployment,
  agents: new Map(),
  created: new Set(),
  args: {
    deployment: deployment.name,
    manifest: null,
    cloudConfigIds: deployment.cloudConfigIds,
    runtimeConfigIds: deployment.runtimeConfigIds,
    recreate: false,
    recreateDisks: false,
    recreateBefore: null,
    recreateBeforeMs: null,
    fix: false,
    skipDrain: null,
    canaries: null,
    maxInFlight: null,
    dryRun: false,
    change: null,
  },
});

/** What other tasks (errands, resurrection) need of a deploy: the plan of what is deployed, without changing it. */
export function planDeployed(director: Director, deployment: Deployment): DeployPlan | undefined {
  if (deployment.manifest === null) return undefined;
  const manifest = withRuntime(director, parseManifest(readManifest(deployment.manifest)), deployment.runtimeConfigIds);
  const config = parseCloudConfig(configsOf(director, deployment.cloudConfigIds).map(({ content }) => content));
  const { instances } = deployment;
  deployment.instances = [...instances];
  const plan = place(director, deployment, resolve(director, deployment, manifest, config));
  deployment.instances = instances;
  return plan;
}
