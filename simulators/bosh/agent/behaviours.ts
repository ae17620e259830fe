import type { AppliedJob, Instance } from "../state/deployments.ts";

/** The VM on which a job runs, as the job's behaviour sees it. */
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
 * What a job does to the world when its agent starts or stops it. It is called within an event of the kernel,
 * so it is synchronous; `start` may be called again for a running job (an update in place), with new
 * properties.
 */
export interface JobBehaviour {
  start(context: JobContext): void;
  /** `gone`: the VM is being deleted or has vanished; otherwise only its jobs stop. */
  stop(context: JobContext, gone: boolean): void;
  /**
   * Called while the job is stopped: the agent copies the contents of the persistent disk to the disk that
   * replaces it.
   */
  migrate?(context: JobContext, fromDisk: string, toDisk: string): void;
}

/** Behaviours by job name; a job without one runs and does nothing. */
export type JobBehaviours = Map<string, JobBehaviour>;

function jobContextOf(instance: Instance, properties: Readonly<Record<string, unknown>>): JobContext | undefined {
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

/** Starts the jobs of an instance in the world, in order; an instance without a VM has none. */
export function startJobs(behaviours: JobBehaviours, instance: Instance): void {
  for (const job of instance.vm?.jobs ?? []) {
    const context = jobContextOf(instance, job.properties);
    if (context !== undefined) behaviours.get(job.name)?.start(context);
  }
}

/** Stops the jobs of an instance in the world, in reverse order. `gone`: with their VM. */
export function stopJobs(behaviours: JobBehaviours, instance: Instance, gone: boolean): void {
  for (const job of [...(instance.vm?.jobs ?? [])].reverse()) {
    const context = jobContextOf(instance, job.properties);
    if (context !== undefined) behaviours.get(job.name)?.stop(context, gone);
  }
}

/** @param jobs the jobs that should run: a new VM has none yet */
export function migrateJobs(
  behaviours: JobBehaviours,
  instance: Instance,
  jobs: readonly Pick<AppliedJob, "name" | "properties">[],
  fromDisk: string,
  toDisk: string,
): void {
  for (const job of jobs) {
    const context = jobContextOf(instance, job.properties);
    if (context !== undefined) behaviours.get(job.name)?.migrate?.(context, fromDisk, toDisk);
  }
}
