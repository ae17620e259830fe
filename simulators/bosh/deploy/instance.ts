import type { Body } from "../../kernel/index.ts";
import type { Director } from "../director.ts";
import { startJobs, stopJobs } from "../agent.ts";
import { CpiError } from "../cpi/cpi.ts";
import { DirectorError } from "../errors.ts";
import type { Deployment, Instance, Task } from "../state.ts";
import { checkpoint, type Step } from "../tasks.ts";
import type { WatchTime } from "./manifest.ts";
import { diskDiffers, type PlannedInstance } from "./plan.ts";

/*
 * What is done to one instance, in the order of calls of a real director (director-api contract §9). Durations are those seen in
 * the wild (§14), drawn from the seed and scaled by the pace.
 */
const PING_MEDIAN_MS = 20_000;
const AGENT_CALL_MS = 500;
const UPDATE_MEDIAN_MS = 8_000;
const DRAIN_MS = 1_000;
const CREATE_TRIES = 5;
const WATCH_STEPS = 9;

export const title = (instance: Instance): string => `${instance.group}/${instance.id} (${instance.index})`;

/** The record of an instance becomes part of the deployment as soon as something of it exists. */
export function enlist(deployment: Deployment, instance: Instance): void {
  if (!deployment.instances.includes(instance)) deployment.instances.push(instance);
}

export function* agentCall(director: Director, method: string, instance: Instance): Body {
  const effect = director.kernel.faults.at(`agent:${method}`, {
    deployment: instance.deployment,
    group: instance.group,
  });
  yield director.kernel.work(AGENT_CALL_MS);
  if (effect?.kind === "error") throw new DirectorError(450001, effect.message);
  const silent = effect?.kind === "stuck" || instance.vm === null || !director.cpi.isAlive(instance.vm.cid);
  if (!silent) return;
  yield director.kernel.work(3 * 45_000);
  throw new DirectorError(
    450002,
    `Timed out sending '${method}' to instance: '${instance.group}/${instance.id}', agent-id: '${instance.vm?.agentId ?? ""}' after 45 seconds`,
  );
}

/** create_vm, metadata, first ping; with a disk that exists, attach and mount it. */
export function* createVm(director: Director, task: Task, deployment: Deployment, planned: PlannedInstance): Body {
  const { instance } = planned;
  const { kernel, cpi } = director;
  checkpoint(task);
  const agentId = kernel.random("bosh/instances").uuid();
  const cid = yield* tryCreate(director, planned, agentId);
  instance.vm = {
    cid,
    agentId,
    createdMs: kernel.nowMs,
    cloudProperties: planned.cloudProperties,
    vmType: planned.group.vmType,
    stemcell: {
      name: planned.stemcell.name,
      version: planned.stemcell.version,
      apiVersion: planned.stemcell.apiVersion,
    },
    jobState: "running",
    jobs: [],
  };
  instance.vmSpec = planned.vmSpec;
  instance.ips = planned.networks.map(({ name, ip }) => ({ network: name, ip }));
  enlist(deployment, instance);
  kernel.record("bosh", "vm.create", cid, {
    deployment: deployment.name,
    instance: `${instance.group}/${instance.id}`,
    ips: instance.ips.map(({ ip }) => ip),
  });
  yield* cpi.setVmMetadata(cid, metadataOf(director, instance));
  yield* ping(director, instance);
  if (instance.disk !== null) yield* attach(director, instance, instance.disk.cid);
}

function* tryCreate(director: Director, planned: PlannedInstance, agentId: string): Body<string> {
  const { group, instance, stemcell, networks, cloudProperties } = planned;
  const bosh = { group: `${director.name}-${instance.deployment}-${group.name}` };
  for (let tried = 1; ; tried++) {
    try {
      return yield* director.cpi.createVm({
        agentId,
        stemcellCid: stemcell.cid,
        cloudProperties,
        networks,
        env: { ...group.env, bosh },
      });
    } catch (error) {
      if (!(error instanceof CpiError) || !error.retryable || tried === CREATE_TRIES) throw error;
    }
  }
}

const metadataOf = (director: Director, instance: Instance): Record<string, string> => ({
  director: director.name,
  deployment: instance.deployment,
  id: instance.id,
  job: instance.group,
  instance_group: instance.group,
  index: String(instance.index),
  name: `${instance.group}/${instance.id}`,
  created_at: new Date(director.kernel.nowMs).toISOString().replace(".000Z", "Z"),
});

function* ping(director: Director, instance: Instance): Body {
  const { kernel } = director;
  const waitMs = director.options.agentWaitMs ?? 600_000;
  const answerMs = kernel.random("bosh/agent").lognormal(PING_MEDIAN_MS, 0.4);
  const effect = kernel.faults.at("agent:ping", { deployment: instance.deployment, group: instance.group });
  yield kernel.work(Math.min(answerMs, waitMs));
  const alive = instance.vm !== null && director.cpi.isAlive(instance.vm.cid);
  if (alive && effect?.kind !== "stuck" && answerMs <= waitMs) return;
  yield kernel.work(Math.max(0, waitMs - answerMs));
  const cid = instance.vm?.cid ?? "";
  yield* deleteVm(director, instance);
  throw new DirectorError(
    450002,
    `Timed out pinging VM '${cid}' with agent '${instance.id}' after ${waitMs / 1000} seconds`,
  );
}

function* attach(director: Director, instance: Instance, diskCid: string): Body {
  const { cpi } = director;
  if (instance.vm === null) return;
  yield* cpi.attachDisk(instance.vm.cid, diskCid);
  yield* agentCall(director, "add_persistent_disk", instance);
  yield* cpi.setDiskMetadata(diskCid, {
    director: director.name,
    deployment: instance.deployment,
    instance_id: instance.id,
    instance_index: String(instance.index),
    instance_group: instance.group,
    attached_at: new Date(director.kernel.nowMs).toISOString().replace(".000Z", "Z"),
  });
  yield* agentCall(director, "mount_disk", instance);
}

/** Deletes the VM and forgets it; its jobs are gone with it. */
export function* deleteVm(director: Director, instance: Instance): Body {
  const { vm } = instance;
  if (vm === null) return;
  stopJobs(director.behaviours, instance, true);
  yield* director.cpi.deleteVm(vm.cid);
  instance.vm = null;
  instance.vmSpec = "";
  director.kernel.record("bosh", "vm.delete", vm.cid, {
    deployment: instance.deployment,
    instance: `${instance.group}/${instance.id}`,
  });
}

/** Takes the disk off the record of the instance; it waits as an orphan for five days. */
export function orphanDisk(director: Director, instance: Instance): void {
  const { disk } = instance;
  if (disk === null) return;
  director.slot.value.orphanDisks.set(disk.cid, {
    cid: disk.cid,
    sizeMb: disk.sizeMb,
    az: instance.az,
    deployment: instance.deployment,
    instance: `${instance.group}/${instance.id}`,
    cloudProperties: disk.cloudProperties,
    orphanedMs: director.kernel.nowMs,
  });
  instance.disk = null;
  director.kernel.record("bosh", "disk.orphan", disk.cid, { deployment: instance.deployment });
}

/** pre-stop, drain, stop, post-stop. Without a step nothing is shown. */
export function* stop(director: Director, instance: Instance, step?: Step, skipDrain = false): Body {
  const { kernel } = director;
  if (skipDrain) step?.progress(10, "skipped pre-stop & drain");
  else {
    step?.progress(5, "executing pre-stop");
    yield* agentCall(director, "run_script", instance);
    step?.progress(10, "executing drain");
    yield* agentCall(director, "drain", instance);
    yield kernel.work(DRAIN_MS);
  }
  step?.progress(30, "stopping jobs");
  yield* agentCall(director, "stop", instance);
  stopJobs(director.behaviours, instance, false);
  if (instance.vm !== null) instance.vm.jobState = "stopped";
  step?.progress(40, "executing post-stop");
  yield* agentCall(director, "run_script", instance);
}

/** Brings the disk to what is planned: a new one is made before the old one is let go. */
function* updateDisk(director: Director, planned: PlannedInstance): Body {
  const { instance } = planned;
  if (!diskDiffers(instance.disk, planned.disk) || instance.vm === null) return;
  const old = instance.disk;
  if (planned.disk !== undefined) {
    const { sizeMb, cloudProperties } = planned.disk;
    const cid = yield* director.cpi.createDisk(sizeMb, cloudProperties, instance.vm.cid);
    director.kernel.record("bosh", "disk.create", cid, { deployment: instance.deployment, sizeMb });
    if (old !== null) {
      yield* director.cpi.detachDisk(instance.vm.cid, old.cid);
      orphanDisk(director, instance);
    }
    instance.disk = { cid, sizeMb, cloudProperties };
    yield* attach(director, instance, cid);
  } else if (old !== null) {
    yield* director.cpi.detachDisk(instance.vm.cid, old.cid);
    orphanDisk(director, instance);
  }
}

/** The part of an update that follows the stop: disk, packages, jobs, start, watch. */
export function* start(director: Director, planned: PlannedInstance, watch: WatchTime, step?: Step): Body {
  const { instance } = planned;
  const { kernel } = director;
  yield* updateDisk(director, planned);
  step?.progress(50, "installing packages");
  yield* agentCall(director, "update_settings", instance);
  step?.progress(60, "configuring jobs");
  yield* agentCall(director, "apply", instance);
  if (instance.vm !== null) instance.vm = { ...instance.vm, jobs: planned.jobs };
  step?.progress(70, "executing pre-start");
  yield* agentCall(director, "run_script", instance);
  step?.progress(90, "starting jobs");
  yield* agentCall(director, "start", instance);
  startJobs(director.behaviours, instance);
  yield kernel.work(kernel.random("bosh/agent").lognormal(UPDATE_MEDIAN_MS, 0.3));
  yield* awaitRunning(director, instance, watch);
  step?.progress(100, "executing post-start");
  yield* agentCall(director, "run_script", instance);
  instance.jobSpec = planned.jobSpec;
  instance.clean = true;
}

/** Sleeps the least time, then asks in up to nine more steps until the agent says running. @throws DirectorError 400007 */
function* awaitRunning(director: Director, instance: Instance, watch: WatchTime): Body {
  const { kernel } = director;
  const effect = kernel.faults.at("director:job", { deployment: instance.deployment, group: instance.group });
  yield kernel.work(watch.minMs);
  if (instance.vm === null) return;
  instance.vm.jobState = effect?.kind === "error" ? "failing" : "running";
  if (instance.vm.jobState === "running") return;
  const stepMs = Math.min(15_000, Math.max(1000, (watch.maxMs - watch.minMs) / WATCH_STEPS));
  yield kernel.work(stepMs * WATCH_STEPS);
  const jobs = instance.vm.jobs.map(({ name }) => name).join(", ");
  throw new DirectorError(
    400007,
    `'${title(instance)}' is not running after update. Review logs for failed jobs: ${jobs}`,
  );
}
