import type { Body } from "../../kernel/index.ts";
import { actionFailed, agentCall, agentState, migrateJobs, runScripts, startJobs, stopJobs } from "../agent/calls.ts";
import { CpiError, type VmRequest } from "../cpi/cpi.ts";
import type { Director } from "../state/director.ts";
import { DirectorError, messageOf } from "../wire/errors.ts";
import { audit } from "../events/audit.ts";
import { agentFault, attributesOf, JOB_POINT } from "../faults.ts";
import type { Instance, Task, Vm } from "../state/index.ts";
import { checkpoint, holding, type Step } from "../tasks/queue.ts";
import { release } from "../deploy/addresses.ts";
import type { WatchTime } from "../deploy/manifest.ts";
import { diskDiffers, type PlannedInstance } from "../deploy/plan.ts";
import { runScript } from "../agent/script.ts";

/*
 * What is done to one instance, in the order of calls of a real director (docs/discoveries/bosh-director.md, "CPI and agent calls"). Durations are those seen in
 * the wild (docs/discoveries/bosh-director.md, "Durations"), drawn from the seed and scaled by the pace.
 */
const UPDATE_MEDIAN_MS = 8_000;
const DRAIN_MS = 1_000;
const CREATE_TRIES = 5;
const WATCH_STEPS = 9;
export const VM_LOCK_MS = 10_000;

export const nameOf = (instance: Instance): string => `${instance.group}/${instance.id}`;
export const title = (instance: Instance): string => `${nameOf(instance)} (${instance.index})`;

const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

/** An audit pair around some work: the second names the first, and the error if there was one. */
export function* audited<T>(
  director: Director,
  task: Task,
  what: Parameters<typeof audit>[2],
  body: Body<T>,
  nameAfter?: (value: T) => string,
): Body<T> {
  const parent = audit(director, task, what);
  const { context: _begun, ...rest } = what;
  try {
    const value = yield* body;
    audit(director, task, { ...rest, ...(nameAfter && { name: nameAfter(value) }), parent });
    return value;
  } catch (error) {
    audit(director, task, { ...rest, parent, error: messageOf(error) });
    throw error;
  }
}

export const of = (instance: Instance): { deployment: string; instance: string } => ({
  deployment: instance.deployment,
  instance: nameOf(instance),
});

/** Whose VM it is: an instance of a deployment, or a compilation worker. */
export interface Owner {
  readonly deployment: string;
  /** `group/uuid`. */
  readonly instance: string;
}

/**
 * create_vm with its tries, then the first ping of the agent. Answers with the VM; one that does not come up is deleted.
 *
 * @throws CpiError, DirectorError 450002
 */
export function* bootVm(
  director: Director,
  task: Task,
  owner: Owner,
  request: VmRequest,
  stemcell: Vm["stemcell"],
  metadata: Readonly<Record<string, string>>,
): Body<Vm> {
  const { kernel, cpi } = director;
  const create = tryCreate(director, request);
  const cid = yield* audited(director, task, { action: "create", type: "vm", ...owner }, create, (made) => made);
  const ips = request.networks.map(({ ip }) => ip);
  kernel.record("bosh", "vm.create", cid, { deployment: owner.deployment, instance: owner.instance, ips });
  const { agentId } = request;
  const vm: Vm = {
    cid,
    agentId,
    createdMs: kernel.nowMs,
    stemcell,
    jobState: "running",
    isSupervised: false,
    mountedDisk: null,
    jobs: [],
  };
  try {
    yield* cpi.setVmMetadata(cid, metadata);
    yield* ping(director, owner, vm, metadata.index ?? "0");
  } catch (error) {
    yield* abandonVm(director, task, owner, cid, ips);
    throw error;
  }
  return vm;
}

/** Deletes a VM that no instance will have; where even that fails it is written down as an orphan. */
export function* abandonVm(director: Director, task: Task, owner: Owner, cid: string, ips: readonly string[]): Body {
  try {
    yield* destroyVm(director, task, owner, cid);
  } catch {
    const orphanedMs = director.kernel.nowMs;
    director.slot.value.orphanVms.set(cid, { cid, az: "", ...owner, ips, orphanedMs });
    director.kernel.record("bosh", "vm.orphan", cid, { ...owner });
  }
}

function* tryCreate(director: Director, request: VmRequest): Body<string> {
  for (let tried = 1; ; tried++) {
    try {
      return yield* director.cpi.createVm(request);
    } catch (error) {
      if (!(error instanceof CpiError) || !error.retryable || tried === CREATE_TRIES) throw error;
    }
  }
}

/** Waits for a new agent. The limit is true time, the boot is work. @throws DirectorError 450001, 450002 */
function* ping(director: Director, owner: Owner, vm: Vm, index: string): Body {
  const { kernel, cpi } = director;
  const waitMs = director.options.agentWaitMs ?? 600_000;
  const answerMs = kernel.work(kernel.random("bosh/agent").lognormal(cpi.bootMs, 0.4));
  const [group = "", id = ""] = owner.instance.split("/");
  const effect = agentFault(kernel, "ping", { ...owner, group, id, index, vm: vm.cid });
  yield Math.min(answerMs, waitMs);
  if (effect?.kind === "error") throw actionFailed(director, effect.message);
  if (cpi.isAlive(vm.cid) && effect?.kind !== "stuck" && answerMs <= waitMs) return;
  yield Math.max(0, waitMs - answerMs);
  throw new DirectorError(
    450002,
    `Timed out pinging VM '${vm.cid}' with agent '${vm.agentId}' after ${waitMs / 1000} seconds`,
  );
}

/** delete_vm under the VM's lock. */
export function* destroyVm(director: Director, task: Task, owner: Owner, cid: string): Body {
  yield* audited(
    director,
    task,
    { action: "delete", type: "vm", name: cid, ...owner },
    holding(director, task, `lock:vm:${cid}`, { waitMs: VM_LOCK_MS }, director.cpi.deleteVm(cid)),
  );
  director.kernel.record("bosh", "vm.delete", cid, { ...owner });
}

export const metadataOf = (director: Director, instance: Instance): Record<string, string> => ({
  director: director.name,
  deployment: instance.deployment,
  id: instance.id,
  job: instance.group,
  instance_group: instance.group,
  index: String(instance.index),
  name: nameOf(instance),
  created_at: iso(director.kernel.nowMs),
});

/** Makes the VM of an instance; a disk that it has already is attached and mounted. */
export function* createVm(director: Director, task: Task, planned: PlannedInstance): Body {
  const { instance, group, stemcell } = planned;
  checkpoint(task);
  const request = {
    agentId: director.kernel.random("bosh/instances").uuid(),
    stemcellCid: stemcell.cid,
    cloudProperties: planned.cloudProperties,
    networks: planned.networks,
    env: { ...group.env, bosh: { group: `${director.name}-${instance.deployment}-${group.name}` } },
  };
  const { name, version, apiVersion } = stemcell;
  instance.vm = yield* bootVm(
    director,
    task,
    of(instance),
    request,
    { name, version, apiVersion },
    metadataOf(director, instance),
  );
  instance.vmType = group.vmType ?? "";
  instance.cloudProperties = planned.cloudProperties;
  takeAddresses(director, instance, planned.networks);
  const { stemcell: image, env, cloud_properties, network } = planned.parts;
  instance.applied = {
    ...instance.applied,
    ...(image === undefined ? {} : { stemcell: image }),
    ...(env === undefined ? {} : { env }),
    ...(cloud_properties === undefined ? {} : { cloud_properties }),
    ...(network === undefined ? {} : { network }),
  };
  if (instance.disk !== null) yield* attach(director, task, instance, instance.disk.cid);
  yield* agentCall(director, instance, "update_settings");
  yield* agentCall(director, instance, "apply");
}

/** The addresses of the plan become those of the instance; the ones it no longer has are free again. */
function takeAddresses(director: Director, instance: Instance, networks: PlannedInstance["networks"]): void {
  const old = instance.ips.filter(({ ip }) => !networks.some((network) => network.ip === ip));
  instance.ips = networks.map(({ name, ip }) => ({ network: name, ip }));
  instance.pendingIps = [];
  for (const { ip } of old) release(director, ip);
}

function* attach(director: Director, task: Task, instance: Instance, diskCid: string): Body {
  const { vm } = instance;
  if (vm === null) return;
  const call = director.cpi.attachDisk(vm.cid, diskCid);
  yield* holding(director, task, `lock:vm:${vm.cid}`, { waitMs: VM_LOCK_MS }, call);
  yield* agentCall(director, instance, "add_persistent_disk");
  yield* director.cpi.setDiskMetadata(diskCid, {
    director: director.name,
    deployment: instance.deployment,
    instance_id: instance.id,
    instance_index: String(instance.index),
    instance_group: instance.group,
    attached_at: iso(director.kernel.nowMs),
  });
  yield* agentCall(director, instance, "mount_disk");
  vm.mountedDisk = diskCid;
}

export { attach as attachDisk };

/** Deletes the VM of an instance and forgets it; its jobs are gone with it. */
export function* deleteVm(director: Director, task: Task, instance: Instance): Body {
  const { vm } = instance;
  if (vm === null) return;
  stopJobs(director.behaviours, instance, true);
  yield* destroyVm(director, task, of(instance), vm.cid);
  forgetVm(instance);
}

/** The record of a VM goes; what it was made with is no longer applied. */
export function forgetVm(instance: Instance): void {
  instance.vm = null;
}

/** Unmounts and detaches the disk, then deletes the VM. */
export function* detachAndDelete(director: Director, task: Task, instance: Instance): Body {
  if (instance.vm !== null && instance.disk !== null) {
    yield* agentCall(director, instance, "unmount_disk");
    yield* director.cpi.detachDisk(instance.vm.cid, instance.disk.cid);
  }
  yield* deleteVm(director, task, instance);
}

/** Takes the disk off the record of the instance; it waits as an orphan for five days. */
export function orphanDisk(director: Director, task: Task, instance: Instance): void {
  const { disk } = instance;
  if (disk === null) return;
  director.slot.value.orphanDisks.set(disk.cid, {
    cid: disk.cid,
    sizeMb: disk.sizeMb,
    az: instance.az,
    deployment: instance.deployment,
    instance: nameOf(instance),
    cloudProperties: disk.cloudProperties,
    orphanedMs: director.kernel.nowMs,
  });
  instance.disk = null;
  const what = { action: "orphan", type: "disk", name: disk.cid, ...of(instance) };
  audit(director, task, { ...what, parent: audit(director, task, what) });
  director.kernel.record("bosh", "disk.orphan", disk.cid, { deployment: instance.deployment });
}

/** pre-stop, drain, stop, post-stop. Without a step nothing is shown. */
export function* stop(director: Director, instance: Instance, step?: Step, skipDrain = false, tries?: number): Body {
  if (skipDrain) step?.progress(10, "skipped pre-stop & drain");
  else {
    step?.progress(5, "executing pre-stop");
    yield* runScripts(director, instance, "pre-stop", tries);
    step?.progress(10, "executing drain");
    yield* drain(director, instance);
  }
  step?.progress(30, "stopping jobs");
  yield* agentCall(director, instance, "stop");
  stopJobs(director.behaviours, instance, false);
  if (instance.vm !== null) instance.vm.jobState = "stopped";
  step?.progress(40, "executing post-stop");
  yield* runScripts(director, instance, "post-stop");
}

/** A drain script says on its output how many seconds to wait. */
function* drain(director: Director, instance: Instance): Body {
  yield* agentCall(director, instance, "drain");
  const waits = (instance.vm?.jobs ?? []).map(({ scripts }) => {
    const { drain: script } = scripts;
    return script === undefined ? 0 : Number(runScript(script).stdout.trim()) * 1000 || 0;
  });
  yield director.kernel.work(Math.max(DRAIN_MS, ...waits));
}

/** Brings the disk to what is planned: a new one is made before the old one is let go. */
function* updateDisk(director: Director, task: Task, planned: PlannedInstance, renews: boolean): Body {
  const { instance, disk: wanted } = planned;
  const { cpi, kernel } = director;
  const isDue = diskDiffers(instance.disk, wanted) || (renews && wanted !== undefined);
  if (!isDue || instance.vm === null) return;
  const { cid: vmCid } = instance.vm;
  const old = instance.disk;
  if (wanted === undefined) {
    if (old !== null) yield* letGo(director, task, instance, vmCid, old.cid);
    return;
  }
  const create = cpi.createDisk(wanted.sizeMb, wanted.cloudProperties, vmCid);
  const cid = yield* audited(
    director,
    task,
    { action: "create", type: "disk", ...of(instance) },
    create,
    (made) => made,
  );
  kernel.record("bosh", "disk.create", cid, { deployment: instance.deployment, sizeMb: wanted.sizeMb });
  // A disk that no record names would be lost: it is written down before anything else can fail.
  const row = ++director.slot.value.diskRows;
  const fresh = { row, cid, sizeMb: wanted.sizeMb, cloudProperties: wanted.cloudProperties };
  if (old === null) instance.disk = fresh;
  try {
    yield* attach(director, task, instance, cid);
    if (old !== null) {
      yield* agentCall(director, instance, "migrate_disk");
      migrateJobs(director.behaviours, instance, planned.jobs, old.cid, cid);
      yield* letGo(director, task, instance, vmCid, old.cid);
    }
  } catch (error) {
    if (old !== null) orphanUnused(director, instance, fresh);
    throw error;
  }
  instance.disk = fresh;
}

function orphanUnused(director: Director, instance: Instance, disk: NonNullable<Instance["disk"]>): void {
  director.slot.value.orphanDisks.set(disk.cid, {
    ...disk,
    az: instance.az,
    deployment: instance.deployment,
    instance: nameOf(instance),
    orphanedMs: director.kernel.nowMs,
  });
}

function* letGo(director: Director, task: Task, instance: Instance, vmCid: string, diskCid: string): Body {
  yield* agentCall(director, instance, "unmount_disk");
  if (instance.vm?.mountedDisk === diskCid) instance.vm.mountedDisk = null;
  yield* director.cpi.detachDisk(vmCid, diskCid);
  orphanDisk(director, task, instance);
}

interface StartOptions {
  /** Null: nobody waits until the jobs run, and no post-start script is run. */
  readonly watch: WatchTime | null;
  /** The progress made by then. */
  readonly base: number;
  /** Makes a new disk even where the old one would do. */
  readonly renewsDisk?: boolean;
}

/** The part of an update that follows the stop: disk, packages, jobs, start, watch. */
export function* start(
  director: Director,
  task: Task,
  planned: PlannedInstance,
  options: StartOptions,
  step?: Step,
): Body {
  yield* updateDisk(director, task, planned, options.renewsDisk ?? false);
  yield* configure(director, planned, options.base, step);
  yield* launch(director, task, planned.instance, options, step);
  planned.instance.clean = true;
}

/** Hands the agent its packages and jobs; nothing is started. */
export function* configure(director: Director, planned: PlannedInstance, base: number, step?: Step): Body {
  const { instance } = planned;
  step?.progress(base + 10, "installing packages");
  yield* agentCall(director, instance, "update_settings");
  step?.progress(base + 20, "configuring jobs");
  yield* agentCall(director, instance, "apply");
  if (instance.vm !== null)
    instance.vm.jobs = planned.jobs.map(({ texts: _texts, fingerprint: _print, ...job }) => job);
  instance.applied = { ...instance.applied, ...planned.parts };
}

/** Starts the jobs that an agent has, and watches them. */
export function* launch(
  director: Director,
  task: Task,
  instance: Instance,
  { watch, base }: Pick<StartOptions, "watch" | "base">,
  step?: Step,
): Body {
  const { kernel } = director;
  step?.progress(base + 30, "executing pre-start");
  yield* runScripts(director, instance, "pre-start");
  step?.progress(base + 50, "starting jobs");
  yield* agentCall(director, instance, "start");
  startJobs(director.behaviours, instance);
  if (instance.vm !== null) Object.assign(instance.vm, { jobState: "running", isSupervised: true });
  if (watch === null) return;
  yield kernel.work(kernel.random("bosh/agent").lognormal(UPDATE_MEDIAN_MS, 0.3));
  yield* awaitRunning(director, task, instance, watch);
  step?.progress(base + 60, "executing post-start");
  yield* runScripts(director, instance, "post-start");
}

/** Sleeps the least time, then asks in up to nine more steps until the agent says running. @throws DirectorError 400007 */
export function* awaitRunning(director: Director, task: Task, instance: Instance, watch: WatchTime): Body {
  const { kernel } = director;
  const effect = kernel.faults.at(JOB_POINT, attributesOf(instance));
  yield kernel.work(watch.minMs);
  const { vm } = instance;
  if (vm === null) return;
  if (effect?.kind === "error") vm.jobState = "failing";
  const stepMs = Math.min(15_000, Math.max(1000, (watch.maxMs - watch.minMs) / WATCH_STEPS));
  for (let asked = 0; agentState(director, instance) !== "running"; asked++) {
    if (asked === WATCH_STEPS) throw notRunning(instance);
    checkpoint(task);
    yield kernel.work(stepMs);
  }
}

function notRunning(instance: Instance): DirectorError {
  const jobs = (instance.vm?.jobs ?? []).map(({ name }) => name).join(", ");
  return new DirectorError(
    400007,
    `'${title(instance)}' is not running after update. Review logs for failed jobs: ${jobs}`,
  );
}

/** Post-deploy scripts run on all VMs once everything else has been done. */
export function* postDeploy(director: Director, instances: readonly Instance[]): Body {
  for (const instance of instances) if (instance.vm !== null) yield* runScripts(director, instance, "post-deploy");
}
