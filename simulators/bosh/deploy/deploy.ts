import { all, type Body } from "../../kernel/index.ts";
import type { Director } from "../director.ts";
import type { Config, Deployment, Instance, ReleaseVersion, Task } from "../state.ts";
import { checkpoint, lock, Stage } from "../tasks.ts";
import { type CloudConfig, parseCloudConfig } from "./cloud-config.ts";
import { createVm, deleteVm, enlist, orphanDisk, start, stop, title } from "./instance.ts";
import { amountOf, type Manifest, parseManifest, readManifest } from "./manifest.ts";
import {
  checkReferences,
  type DeployPlan,
  diskDiffers,
  planDeploy,
  type PlannedGroup,
  type PlannedInstance,
  resolveRelease,
} from "./plan.ts";

/** What the route of a deploy hands to its task: plain data. */
export interface DeployArgs {
  readonly deployment: string;
  readonly manifest: string;
  readonly cloudConfigIds: readonly number[];
  readonly runtimeConfigIds: readonly number[];
  readonly recreate: boolean;
  readonly skipDrain: boolean;
  readonly dryRun: boolean;
}

const DEPLOYMENT_LOCK_MS = 10_000;
const CREATE_VMS_PARALLEL = 5;
const PREPARE_MS = 1500;
const COMPILE_MEDIAN_MS = 40_000;

export const deploymentLock = (name: string): string => `lock:deployment:${name}`;

const configsOf = (director: Director, ids: readonly number[]): readonly Config[] =>
  ids.flatMap((id) => director.slot.value.configs.find((each) => each.id === id) ?? []);

/** `create deployment`: brings a deployment to what the manifest says (contract §5, §8, §9). */
export function* deploy(director: Director, task: Task, args: Readonly<Record<string, unknown>>): Body<string> {
  const wanted = args as unknown as DeployArgs;
  const deployment = director.slot.value.deployments.get(wanted.deployment) as Deployment;
  yield* lock(director, task, deploymentLock(wanted.deployment), DEPLOYMENT_LOCK_MS);
  const manifest = parseManifest(readManifest(wanted.manifest));
  const config = parseCloudConfig(configsOf(director, wanted.cloudConfigIds).map(({ content }) => content));
  const releases = manifest.releases.map(({ name, version }) => resolveRelease(director, name, version));
  checkReferences(manifest, config, releases);
  const plan = yield* prepare(director, task, deployment, manifest, config, releases);
  if (wanted.dryRun) return `/deployments/${wanted.deployment}`;
  yield* compile(director, task, plan);
  yield* removeGroups(director, task, deployment, plan.removed);
  yield* createMissing(director, task, deployment, plan);
  for (const group of plan.groups) yield* updateGroup(director, task, deployment, group, wanted);
  succeed(director, deployment, wanted, plan);
  return `/deployments/${wanted.deployment}`;
}

function* prepare(
  director: Director,
  task: Task,
  deployment: Deployment,
  manifest: Manifest,
  config: CloudConfig,
  releases: readonly ReleaseVersion[],
): Body<DeployPlan> {
  const { kernel } = director;
  const stage = new Stage(director, task, "Preparing deployment", 1);
  const size = manifest.groups.reduce((sum, { instances }) => sum + instances, 0);
  const plan = yield* stage.step(
    "Preparing deployment",
    (function* (): Body<DeployPlan> {
      yield kernel.work(PREPARE_MS + 100 * size);
      return planDeploy(director, deployment, manifest, config, releases);
    })(),
  );
  yield* stage.step("Rendering templates", pause(kernel.work(PREPARE_MS + 100 * size)));
  return plan;
}

function* pause(ms: number): Body {
  yield ms;
}

function* compile(director: Director, task: Task, plan: DeployPlan): Body {
  const { kernel } = director;
  yield* new Stage(director, task, "Preparing package compilation", 1).step(
    "Finding packages to compile",
    pause(kernel.work(200)),
  );
  const [stemcell] = plan.stemcells;
  if (stemcell === undefined) return;
  const target = `${stemcell.operatingSystem}/${stemcell.version}`;
  const missing = plan.releases.flatMap((release) =>
    release.packages
      .filter(({ fingerprint }) => !release.compiled.has(`${fingerprint}:${target}`))
      .map((each) => ({ release, each })),
  );
  if (missing.length === 0) return;
  const stage = new Stage(director, task, "Compiling packages", missing.length);
  // A package is compiled after those it depends on.
  for (const { release, each } of missing.sort((a, b) => a.each.dependencies.length - b.each.dependencies.length)) {
    checkpoint(task);
    yield* stage.step(
      `${each.name}/${each.fingerprint}`,
      pause(kernel.work(kernel.random("bosh/compile").lognormal(COMPILE_MEDIAN_MS, 0.5))),
    );
    release.compiled.add(`${each.fingerprint}:${target}`);
  }
}

function* removeGroups(director: Director, task: Task, deployment: Deployment, removed: readonly Instance[]): Body {
  if (removed.length === 0) return;
  yield* removeInstances(
    director,
    task,
    deployment,
    removed,
    new Stage(director, task, "Deleting unneeded instances", removed.length),
    false,
  );
}

/** Stops the jobs, deletes the VM, leaves the disk as an orphan; the instance is forgotten. */
export function* removeInstances(
  director: Director,
  task: Task,
  deployment: Deployment,
  instances: readonly Instance[],
  stage: Stage,
  force: boolean,
): Body {
  const removals = instances.map((instance) =>
    director.kernel.spawn(
      `delete ${title(instance)}`,
      stage.step(title(instance), removeInstance(director, deployment, instance, force)),
    ),
  );
  yield* all(removals);
  checkpoint(task);
}

function* removeInstance(director: Director, deployment: Deployment, instance: Instance, force: boolean): Body {
  if (instance.vm !== null) {
    try {
      yield* stop(director, instance);
    } catch (error) {
      if (!force) throw error;
    }
    yield* deleteVm(director, instance);
  }
  orphanDisk(director, instance);
  deployment.instances = deployment.instances.filter((each) => each !== instance);
  director.kernel.record("bosh", "instance.delete", instance.id, { deployment: deployment.name });
}

const wantsVm = ({ instance }: PlannedInstance): boolean => instance.vm === null && instance.state !== "detached";

function* createMissing(director: Director, task: Task, deployment: Deployment, plan: DeployPlan): Body {
  const missing = plan.groups.flatMap(({ instances }) => instances).filter(wantsVm);
  for (const { instances } of plan.groups) for (const { instance } of instances) enlist(deployment, instance);
  if (missing.length === 0) return;
  const creating = new Stage(director, task, "Creating missing vms", missing.length);
  yield* inBatches(director, missing, CREATE_VMS_PARALLEL, (planned) =>
    creating.step(title(planned.instance), createVm(director, task, deployment, planned)),
  );
  const downloading = new Stage(director, task, "Downloading packages", missing.length);
  yield* inBatches(director, missing, CREATE_VMS_PARALLEL, (planned) =>
    downloading.step(title(planned.instance), pause(director.kernel.work(1000))),
  );
}

/** At most `width` at once. What runs is let finish when one fails; then the first failure is thrown. */
function* inBatches<T>(director: Director, items: readonly T[], width: number, work: (item: T) => Body): Body {
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

function* updateGroup(
  director: Director,
  task: Task,
  deployment: Deployment,
  planned: PlannedGroup,
  args: DeployArgs,
): Body {
  const { group, instances, unneeded } = planned;
  if (unneeded.length > 0) {
    yield* removeInstances(
      director,
      task,
      deployment,
      unneeded,
      new Stage(director, task, "Deleting unneeded instances", unneeded.length, [group.name]),
      false,
    );
  }
  const changed = instances.filter((each) => needsUpdate(each, args));
  if (changed.length === 0) return;
  const stage = new Stage(director, task, "Updating instance", changed.length, [group.name]);
  const canaries = amountOf(group.update.canaries, instances.length);
  const update = (each: PlannedInstance, canary: boolean): Body =>
    updateInstance(director, task, deployment, each, stage, canary, args);
  yield* inBatches(director, changed.slice(0, canaries), canaries, (each) => update(each, true));
  yield* inBatches(director, changed.slice(canaries), amountOf(group.update.maxInFlight, instances.length), (each) =>
    update(each, false),
  );
}

function needsUpdate({ instance, disk, jobSpec, vmSpec }: PlannedInstance, args: DeployArgs): boolean {
  if (instance.ignore) return false;
  if (!instance.clean || args.recreate) return true;
  return (
    instance.jobSpec !== jobSpec ||
    (instance.vm !== null && instance.vmSpec !== vmSpec) ||
    diskDiffers(instance.disk, disk)
  );
}

function* updateInstance(
  director: Director,
  task: Task,
  deployment: Deployment,
  planned: PlannedInstance,
  stage: Stage,
  canary: boolean,
  args: DeployArgs,
): Body {
  const { instance, group } = planned;
  checkpoint(task);
  const step = stage.begin(`${title(instance)}${canary ? " (canary)" : ""}`);
  try {
    const fresh = !instance.clean && instance.jobSpec === "";
    instance.clean = false;
    if (instance.vm !== null) yield* stop(director, instance, step, args.skipDrain);
    const renew = instance.vm !== null && !fresh && (args.recreate || instance.vmSpec !== planned.vmSpec);
    if (renew || instance.state === "detached") yield* detachAndDelete(director, instance);
    if (instance.vm === null && instance.state !== "detached") yield* createVm(director, task, deployment, planned);
    if (instance.state === "started")
      yield* start(director, planned, canary ? group.update.canaryWatch : group.update.updateWatch, step);
    else Object.assign(instance, { clean: true, jobSpec: planned.jobSpec });
    step.finish();
  } catch (error) {
    step.fail(error);
    throw error;
  }
}

function* detachAndDelete(director: Director, instance: Instance): Body {
  if (instance.vm !== null && instance.disk !== null)
    yield* director.cpi.detachDisk(instance.vm.cid, instance.disk.cid);
  yield* deleteVm(director, instance);
}

function succeed(director: Director, deployment: Deployment, args: DeployArgs, plan: DeployPlan): void {
  deployment.manifest = args.manifest;
  deployment.cloudConfigIds = args.cloudConfigIds;
  deployment.runtimeConfigIds = args.runtimeConfigIds;
  deployment.releases = plan.releases.map(({ name, version }) => ({ name, version }));
  deployment.stemcells = plan.stemcells.map(({ name, version }) => ({ name, version }));
  director.kernel.record("bosh", "deployment.update", deployment.name, { instances: deployment.instances.length });
}

/** `delete deployment <d>`. */
export function* deleteDeployment(
  director: Director,
  task: Task,
  args: Readonly<Record<string, unknown>>,
): Body<string> {
  const name = String(args.deployment);
  const deployment = director.slot.value.deployments.get(name) as Deployment;
  yield* lock(director, task, deploymentLock(name), DEPLOYMENT_LOCK_MS);
  if (deployment.instances.length > 0) {
    const stage = new Stage(director, task, "Deleting instances", deployment.instances.length);
    yield* removeInstances(director, task, deployment, [...deployment.instances], stage, args.force === true);
  }
  const artifacts = new Stage(director, task, "Removing deployment artifacts", 3);
  yield* artifacts.step("Detaching stemcells", pause(0));
  yield* artifacts.step("Detaching releases", pause(0));
  const properties = new Stage(director, task, "Deleting properties", 0);
  yield* properties.step("Deleting dynamic disks", pause(0));
  yield* properties.step("Destroying deployment", pause(0));
  director.slot.value.deployments.delete(name);
  director.kernel.record("bosh", "deployment.delete", name);
  return `/deployments/${name}`;
}
