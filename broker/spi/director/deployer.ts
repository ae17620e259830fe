import { hash } from "node:crypto";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import type { BrokerConfig } from "../../config.ts";
import { BackendError, FinalError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { type BackendAnswer, bodyOf, expectStatus, retryWhileDown } from "../../http/client.ts";
import { DIRECTOR_CODES, directorCode } from "../../http/refusals.ts";
import { DirectorClient, isRunning } from "./client.ts";
import { readVitals, SILENT } from "./vitals.ts";
import { type Meanwhile, TaskRunner } from "./tasks.ts";

const InstanceVm = Type.Object({
  /** Id of the VM in the IaaS; null while there is none. */
  cid: Type.Union([Type.String(), Type.Null()]),
  index: Type.Integer(),
  ips: Type.Array(Type.String()),
});
const INSTANCES = Compile(Type.Array(InstanceVm));
const DISKS = Compile(
  Type.Array(
    Type.Object({ disk_cid: Type.String(), deployment_name: Type.Optional(Type.Union([Type.String(), Type.Null()])) }),
  ),
);

/** A VM of a deployment, or the slot of a missing one. */
export type InstanceVm = Static<typeof InstanceVm>;

/**
 * The deployer: the only part of the broker that talks to a director. Every method may be called again after a failure, and throws
 * BackendError while the director is down, FinalError when its task has failed or it refuses.
 */
export interface Deployer {
  /**
   * Brings a deployment to its manifest; `contextId` names the attempt, so that it is found again if its answer was lost. `meanwhile` is
   * called at each poll of the task; if a backend fails, the next poll calls it again.
   */
  deploy(deployment: string, manifest: string, contextId: string, meanwhile?: Meanwhile): Promise<void>;
  /** Cancels everything that runs under this context id; a cancelled task fails. */
  cancel(contextId: string): Promise<void>;
  /** Deletes a deployment and its orphaned disks; does nothing if it is gone. */
  remove(deployment: string, contextId: string, options?: RemoveOptions): Promise<void>;
  /** The VMs of a deployment, by index; none when it is gone. */
  vms(deployment: string): Promise<readonly InstanceVm[]>;
}

interface RemoveOptions {
  readonly keepDisks?: boolean;
  /** Whether some VM seems to have died. */
  readonly isSilent?: boolean;
}

/** A failed deploy is reported to the platform; a failed deletion leaves things that cost money, so it is retried, for about an hour. */
const DELETE_TRIES_MAX = 20;
/** From this attempt on, deletion is forced: the director carries on where an agent or the IaaS fails, and records what it could not delete. */
const FORCED_FROM_TRY = 3;

/** The director says that there is no such deployment; any other 404 says nothing. */
const isGone = (answer: BackendAnswer): boolean => directorCode(answer) === DIRECTOR_CODES.deploymentNotFound;

/** The context of a part of the work, such as one disk. A context id is at most 64 characters long. */
const contextOf = (contextId: string, cid: string): string => hash("sha256", `${contextId} ${cid}`);

/** The deletion of the deployment meets the same error, and reports it. */
async function ignoreFailure(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof BackendError || error instanceof FinalError)) throw error;
  }
}

/**
 * The VMs whose agents are silent, by id. The director would ask each of these to stop its jobs for 45 s, and fail; so they are deleted before their
 * deployment.
 */
async function silentVms(client: DirectorClient, host: Host, deployment: string): Promise<readonly string[]> {
  const found: string[] = [];
  await ignoreFailure(
    (async () => {
      for (const { vm_cid: cid, job_state: state } of await readVitals(client, host, deployment))
        if (typeof cid === "string" && state === SILENT) found.push(cid);
    })(),
  );
  return found;
}

/** The director, and the tasks that a deployer has it run. */
interface Director {
  readonly client: DirectorClient;
  readonly tasks: TaskRunner;
  readonly host: Host;
}

/** Deletes the disks that a deleted deployment has left as orphans. */
async function removeDisks({ client, tasks }: Director, deployment: string, contextId: string): Promise<void> {
  const disks = bodyOf(expectStatus(await client.read("/disks"), "disks", 200), DISKS);
  for (const { disk_cid: cid } of disks.filter((disk) => disk.deployment_name === deployment)) {
    const own = contextOf(contextId, cid);
    const start = (): Promise<BackendAnswer> => client.send("DELETE", `/disks/${cid}`, { contextId: own });
    await tasks.run({ what: `delete disk ${cid}`, contextId: own, triesMax: DELETE_TRIES_MAX, start });
  }
}

/** Deletes the VMs with silent agents, for which the deletion of their deployment would wait. */
async function removeSilentVms(director: Director, deployment: string, contextId: string): Promise<void> {
  const { client, tasks, host } = director;
  for (const cid of await silentVms(client, host, deployment)) {
    const own = contextOf(contextId, cid);
    const start = (): Promise<BackendAnswer> => client.send("DELETE", `/vms/${cid}`, { contextId: own });
    await ignoreFailure(tasks.run({ what: `delete VM ${cid}`, contextId: own, triesMax: 1, start }));
  }
}

/** Creates the deployer for the configured director. */
export function createDeployer(config: BrokerConfig, host: Host): Deployer {
  const client = new DirectorClient(config, host);
  const director: Director = { client, tasks: new TaskRunner(client, host), host };
  const { tasks } = director;
  return {
    deploy: (deployment, manifest, contextId, meanwhile) =>
      tasks.run({
        what: `deploy ${deployment}`,
        contextId,
        triesMax: 1,
        start: () => client.send("POST", "/deployments", { body: manifest, type: "text/yaml", contextId }),
        meanwhile,
      }),
    async cancel(contextId) {
      const [newest] = await retryWhileDown(host, () => client.tasksOf(contextId));
      if (newest !== undefined && isRunning(newest)) await client.cancel(newest.id);
    },
    async remove(deployment, contextId, options) {
      if (options?.isSilent === true) await removeSilentVms(director, deployment, contextId);
      const start = async (failed: number): Promise<BackendAnswer | undefined> => {
        if (failed === 1) await removeSilentVms(director, deployment, contextId);
        const force = failed + 1 >= FORCED_FROM_TRY ? "?force=true" : "";
        const answer = await client.send("DELETE", `/deployments/${deployment}${force}`, { contextId });
        return isGone(answer) ? undefined : answer;
      };
      await tasks.run({ what: `delete ${deployment}`, contextId, triesMax: DELETE_TRIES_MAX, start });
      if (options?.keepDisks !== true) await removeDisks(director, deployment, contextId);
    },
    async vms(deployment) {
      const answer = await client.read(`/deployments/${deployment}/instances`);
      if (isGone(answer)) return [];
      const rows = bodyOf(expectStatus(answer, "instances", 200), INSTANCES);
      return rows.map(({ cid, index, ips }) => ({ cid, index, ips })).sort((a, b) => a.index - b.index);
    },
  };
}
