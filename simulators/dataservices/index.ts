import { byText, type Kernel, type Service } from "../kernel/index.ts";
import { createAgent } from "./routes/agent.ts";
import { defineFaults } from "./faults.ts";
import {
  copyDisk,
  type DataServiceJob,
  destroyDisk,
  jobsOf,
  start,
  type StartOrder,
  stop,
} from "./behaviour/instances.ts";
import { type Admission, createServices, type DataServices as Parts } from "./behaviour/services.ts";
import { defineInputs, openSession, type Session, type SessionLogin } from "./behaviour/sessions.ts";
import { defineDeliveries } from "./behaviour/commits.ts";
import { defineSupervised, type Supervised } from "./behaviour/groups.ts";
import { phaseOf, primaryOf } from "./cluster/cluster.ts";
import { isSupervised, membersOf } from "./behaviour/replication.ts";
import { defineSupervision } from "./behaviour/supervision.ts";
import { createState, groupOf, type Instance, type Kind } from "./state.ts";

export { DATASERVICE_ERRORS, DataServiceError, type DataServiceErrorCode } from "./wire/errors.ts";
export type { Row, Value } from "./behaviour/content.ts";
export type { DataServiceJob, StartOrder } from "./behaviour/instances.ts";
export type { Admission } from "./behaviour/services.ts";
export type { Session, SessionLogin } from "./behaviour/sessions.ts";
export type { Instance, Kind } from "./state.ts";

/** The things that data services need from their world. */
interface DataServicesOptions {
  /** The clients that the world's security groups admit. Default: all. Can be set later, as `dataservices.admits`. */
  readonly admits?: Admission;
  /**
   * Iterations of the SCRAM verifiers. Default 4096, as in PostgreSQL; each credential then costs 0.8 ms. 1
   * is enough if no real server is used.
   */
  readonly scramIterations?: number;
}

/** Data services on VMs, by the address of the VM. */
export interface DataServices {
  /** The agent's API, one service for all VMs: attach it or serve it at each VM's address and the port of its `agent` property. */
  readonly agent: Service;
  /** The behaviours of the jobs with these names: register them with the director. */
  readonly jobs: Readonly<Record<Kind, DataServiceJob>>;
  admits: Admission;
  /** Starts the data service of a VM, or gives it new properties. @throws DataServiceError DS_BAD_JOB, DS_VM_TAKEN */
  start(order: StartOrder): Instance;
  /** Stops the data service of a VM; its disk keeps its contents. `isGone`: together with the VM, abruptly. */
  stop(address: string, kind: Kind, isGone?: boolean): void;
  /** Copies everything from one persistent disk to another, as BOSH's agent does when a disk is replaced. */
  copyDisk(from: string, to: string): void;
  /** Forgets a persistent disk and everything on it, forever. */
  destroyDisk(disk: string): void;
  /**
   * Logs in on the virtual data plane.
   *
   * @throws DataServiceError DS_REFUSED, DS_RESET, DS_WRONG_PASSWORD, DS_NOT_YOUR_DATABASE, DS_NOT_SIMULATED, DS_LIVE
   */
  session(source: string, address: string, port: number, login: SessionLogin): Session;
  /** The data service at an address; undefined if none was started. */
  at(address: string): Instance | undefined;
  /** Running or failing data services, by address. */
  instances(): readonly Instance[];
  /** The node of a group that serves writes; undefined while there is none. */
  primaryOf(deployment: string, kind: Kind): Instance | undefined;
  /** Calls back when another node has become the primary of a group. */
  onPrimaryMoved(listener: (deployment: string, kind: Kind) => void): void;
  /** Whether the disk belongs to a node that serves nobody until it has caught up with its primary. */
  isStale(disk: string): boolean;
  /** Ids of the disks that hold data, for the conservation laws. */
  disks(): readonly string[];
  /** For the live plane: makes its supervisor's decisions the state of the world. */
  readonly supervised: (change: Supervised) => void;
  /** The simulator, as its own parts see it: for the live plane and the laws. */
  readonly parts: Parts;
}

/** Data services for the VMs of a world; nothing runs until a job starts. */
export function createDataServices(kernel: Kernel, options: DataServicesOptions = {}): DataServices {
  const parts = createServices(kernel, createState(kernel), {
    admits: options.admits ?? (() => true),
    scramIterations: options.scramIterations ?? 4096,
  });
  defineFaults(kernel);
  defineInputs(parts);
  defineDeliveries(parts);
  defineSupervision(parts);
  const supervised = defineSupervised(parts);
  return {
    agent: createAgent(parts),
    jobs: jobsOf(parts),
    get admits() {
      return parts.admits;
    },
    set admits(admits) {
      parts.admits = admits;
    },
    start: (order) => start(parts, order),
    stop: (address, kind, isGone) => stop(parts, address, kind, isGone),
    copyDisk: (from, to) => copyDisk(parts, from, to),
    destroyDisk: (disk) => destroyDisk(parts, disk),
    session: (source, address, port, login) => openSession(parts, source, address, port, login),
    at: (address) => parts.slot.value.instances.get(address),
    instances: () => [...parts.slot.value.instances.values()].sort((a, b) => byText(a.address, b.address)),
    primaryOf: (deployment, kind) => {
      const group = parts.slot.value.clusters.get(groupOf({ deployment, kind }));
      const members = membersOf(parts, { deployment, kind });
      if (group === undefined || !isSupervised(parts, { kind })) return members.find(({ role }) => role === "primary");
      return members.find(({ index }) => index === primaryOf(group.cluster));
    },
    onPrimaryMoved: (onPrimaryMoved) => {
      const nothing = (): void => {};
      parts.observers.add({ onPrimaryMoved, onChanged: nothing, onDiskDestroyed: nothing, onDiskCopied: nothing });
    },
    isStale: (disk) =>
      [...parts.slot.value.clusters.values()].some(({ cluster, disks }) =>
        [...disks].some(
          ([index, each]) => each === disk && index !== cluster.leader && phaseOf(cluster, index) !== "replica",
        ),
      ),
    disks: () => [...parts.slot.value.disks.keys()].sort(),
    supervised,
    parts,
  };
}
