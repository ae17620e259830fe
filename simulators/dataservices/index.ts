import type { Kernel, Service } from "../kernel/index.ts";
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
import { createState, type Instance, type Kind } from "./state.ts";

export { DATASERVICE_ERRORS, DataServiceError, type DataServiceErrorCode } from "./wire/errors.ts";
export type { Row, Value } from "./behaviour/content.ts";
export type { DataServiceJob, StartOrder } from "./behaviour/instances.ts";
export type { Admission } from "./behaviour/services.ts";
export type { Session, SessionLogin } from "./behaviour/sessions.ts";
export type { Instance, Kind } from "./state.ts";

export interface DataServicesOptions {
  /** The world's security groups. Default: everyone. Can be set later: `dataservices.admits`. */
  readonly admits?: Admission;
  /** Iterations of the SCRAM verifiers. Default 4096, as PostgreSQL; each credential then costs 0.8 ms. 1 is enough where no real server is used. */
  readonly scramIterations?: number;
}

/** Data services on VMs, by the address of the VM. */
export interface DataServices {
  /** The agent's API, one service for all VMs: attach or serve it at each VM's address and the port of its `agent` property. */
  readonly agent: Service;
  /** What the jobs of these names do on a VM: register them in the director's behaviours. */
  readonly jobs: Readonly<Record<Kind, DataServiceJob>>;
  admits: Admission;
  start(order: StartOrder): Instance;
  stop(address: string, kind: Kind): void;
  /** The agent has copied one persistent disk to another. */
  copyDisk(from: string, to: string): void;
  /** The persistent disk is deleted for good, with all it held. */
  destroyDisk(disk: string): void;
  /**
   * Logs in on the virtual data plane.
   *
   * @throws DataServiceError DS_REFUSED, DS_RESET, DS_WRONG_PASSWORD, DS_NOT_YOUR_DATABASE, DS_NOT_SIMULATED, DS_LIVE
   */
  session(source: string, address: string, port: number, login: SessionLogin): Session;
  at(address: string): Instance | undefined;
  /** Running or failing data services, by address. */
  instances(): readonly Instance[];
  /** Ids of the disks that hold data, for the conservation laws. */
  disks(): readonly string[];
  /** For the live plane. */
  readonly parts: Parts;
}

export function createDataServices(kernel: Kernel, options: DataServicesOptions = {}): DataServices {
  const parts = createServices(kernel, createState(kernel), {
    admits: options.admits ?? (() => true),
    scramIterations: options.scramIterations ?? 4096,
  });
  defineFaults(kernel);
  defineInputs(parts);
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
    stop: (address, kind) => stop(parts, address, kind),
    copyDisk: (from, to) => copyDisk(parts, from, to),
    destroyDisk: (disk) => destroyDisk(parts, disk),
    session: (source, address, port, login) => openSession(parts, source, address, port, login),
    at: (address) => parts.slot.value.instances.get(address),
    instances: () => [...parts.slot.value.instances.values()].sort((a, b) => (a.address < b.address ? -1 : 1)),
    disks: () => [...parts.slot.value.disks.keys()].sort(),
    parts,
  };
}
