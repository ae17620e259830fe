import type { Body } from "../../kernel/index.ts";
import { runScript } from "./script.ts";
import type { Director } from "../state/director.ts";
import { DirectorError } from "../wire/errors.ts";
import { agentFault, type AgentMethod, attributesOf, HEARTBEAT_POINT } from "../faults.ts";
import type { AppliedJob, Instance } from "../state/index.ts";

/** The VM on which a job runs, as its behaviour sees it. */
export interface JobContext {
  readonly deployment: string;
  readonly group: string;
  readonly instanceId: string;
  readonly index: number;
  readonly bootstrap: boolean;
  /** The first address of the instance. */
  readonly ip: string;
  readonly vmCid: string;
  readonly diskCid: string | null;
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * What a job does in the world when its agent starts or stops it. Called within an event of the kernel, so it is synchronous;
 * `start` may be called again for a job that runs (an update in place), with new properties.
 */
export interface JobBehaviour {
  start(context: JobContext): void;
  /** `gone`: the VM is being deleted or has vanished, not merely its jobs stopped. */
  stop(context: JobContext, gone: boolean): void;
  /** The agent copies what lies on the persistent disk to a new one that takes its place; the job is stopped meanwhile. */
  migrate?(context: JobContext, fromDisk: string, toDisk: string): void;
}

/** Behaviours by name of the job; a job without one runs and does nothing. */
export type JobBehaviours = Map<string, JobBehaviour>;

export function contextOf(instance: Instance, properties: Readonly<Record<string, unknown>>): JobContext | undefined {
  const ip = instance.ips[0]?.ip;
  if (instance.vm === null || ip === undefined) return undefined;
  return {
    deployment: instance.deployment,
    group: instance.group,
    instanceId: instance.id,
    index: instance.index,
    bootstrap: instance.bootstrap,
    ip,
    vmCid: instance.vm.cid,
    diskCid: instance.disk?.cid ?? null,
    properties,
  };
}

export function startJobs(behaviours: JobBehaviours, instance: Instance): void {
  for (const job of instance.vm?.jobs ?? []) {
    const context = contextOf(instance, job.properties);
    if (context !== undefined) behaviours.get(job.name)?.start(context);
  }
}

export function stopJobs(behaviours: JobBehaviours, instance: Instance, gone: boolean): void {
  for (const job of [...(instance.vm?.jobs ?? [])].reverse()) {
    const context = contextOf(instance, job.properties);
    if (context !== undefined) behaviours.get(job.name)?.stop(context, gone);
  }
}

/** @param jobs those that are to run: a VM that was made anew has none yet */
export function migrateJobs(
  behaviours: JobBehaviours,
  instance: Instance,
  jobs: readonly Pick<AppliedJob, "name" | "properties">[],
  fromDisk: string,
  toDisk: string,
): void {
  for (const job of jobs) {
    const context = contextOf(instance, job.properties);
    if (context !== undefined) behaviours.get(job.name)?.migrate?.(context, fromDisk, toDisk);
  }
}

const CALL_MS = 500;
const TIMEOUT_MS = 45_000;
const TRIES = 3;

/** Does the health monitor hear from the agent? */
export function sendsHeartbeat(director: Director, instance: Instance): boolean {
  if (instance.vm === null || !director.cpi.isAlive(instance.vm.cid)) return false;
  return director.kernel.faults.at(HEARTBEAT_POINT, attributesOf(instance))?.kind !== "stuck";
}

/** Does the agent keep silent to this call? So it does when its VM is gone. */
export function isSilent(director: Director, instance: Instance, method: AgentMethod): boolean {
  if (instance.vm === null || !director.cpi.isAlive(instance.vm.cid)) return true;
  return agentFault(director.kernel, method, attributesOf(instance))?.kind === "stuck";
}

/** What get_state says; a fault of kind error makes the jobs fail. Takes no time. */
export function agentState(
  director: Director,
  instance: Instance,
): "running" | "stopped" | "failing" | "silent" | "none" {
  const { vm } = instance;
  if (vm === null) return "none";
  if (!director.cpi.isAlive(vm.cid)) return "silent";
  const effect = agentFault(director.kernel, "get_state", attributesOf(instance));
  if (effect?.kind === "stuck") return "silent";
  return effect?.kind === "error" && vm.jobState === "running" ? "failing" : vm.jobState;
}

const TIMED_OUT = 450002;

/** Did an agent keep silent for too long? */
export const isTimeout = (error: unknown): boolean => error instanceof DirectorError && error.code === TIMED_OUT;

const timedOut = (instance: Instance, method: AgentMethod, waitMs: number): DirectorError =>
  new DirectorError(
    TIMED_OUT,
    `Timed out sending '${method}' to instance: '${instance.group}/${instance.id}', agent-id: '${instance.vm?.agentId ?? ""}' after ${waitMs / 1000} seconds`,
  );

/** A call of an agent that must be answered, within `tries` of `waitMs` true time each. @throws DirectorError 450001, 450002 */
export function* agentCall(
  director: Director,
  instance: Instance,
  method: AgentMethod,
  tries = TRIES,
  waitMs = TIMEOUT_MS,
): Body {
  const effect = agentFault(director.kernel, method, attributesOf(instance));
  if (effect?.kind === "error" && method !== "get_state") throw actionFailed(director, effect.message);
  if (effect?.kind !== "stuck" && instance.vm !== null && director.cpi.isAlive(instance.vm.cid)) {
    yield director.kernel.work(CALL_MS);
    return;
  }
  yield tries * waitMs;
  throw timedOut(instance, method, waitMs);
}

/** The agent refused a long-running action, in the director's words. */
export const actionFailed = (director: Director, message: string): DirectorError =>
  new DirectorError(
    450001,
    `Action Failed get_task: Task ${director.kernel.random("bosh/agent").uuid()} result: ${message}`,
  );

/** Runs a script of each job that has it, all at once. @throws DirectorError 450001 when one of them fails */
export function* runScripts(
  director: Director,
  instance: Instance,
  name: string,
  tries = TRIES,
  waitMs = TIMEOUT_MS,
): Body {
  yield* agentCall(director, instance, "run_script", tries, waitMs);
  const jobs = (instance.vm?.jobs ?? []).filter(({ scripts }) => scripts[name] !== undefined);
  const ran = jobs.map((job) => ({ job: job.name, ...runScript(job.scripts[name] ?? "") }));
  yield director.kernel.work(Math.max(0, ...ran.map(({ sleptMs }) => sleptMs)));
  const failed = ran.filter(({ exitCode }) => exitCode !== 0);
  if (failed.length === 0) return;
  const good = ran.filter(({ exitCode }) => exitCode === 0).map(({ job }) => job);
  const successes = good.length === 0 ? "" : ` Successful Jobs: ${good.join(", ")}.`;
  throw actionFailed(
    director,
    `${failed.length} of ${ran.length} ${name} scripts failed. Failed Jobs: ${failed.map(({ job }) => job).join(", ")}.${successes}`,
  );
}
