/** What exists in a director: plain data, captured by snapshots. Times are ms since the Unix epoch unless a name says otherwise. */
export interface DirectorState {
  readonly tasks: Map<number, Task>;
  taskIds: number;
  /** Ids of queued tasks, oldest first. */
  readonly queue: { normal: number[]; urgent: number[] };
  readonly configs: Config[];
  readonly stemcells: Stemcell[];
  stemcellIds: number;
  readonly releases: Map<string, ReleaseVersion[]>;
  readonly deployments: Map<string, Deployment>;
  readonly orphanDisks: Map<string, OrphanDisk>;
  readonly locks: Map<string, Lock>;
  resurrectionPaused: boolean;
  requestIds: number;
}

export const newState = (): DirectorState => ({
  tasks: new Map(),
  taskIds: 0,
  queue: { normal: [], urgent: [] },
  configs: [],
  stemcells: [],
  stemcellIds: 0,
  releases: new Map(),
  deployments: new Map(),
  orphanDisks: new Map(),
  locks: new Map(),
  resurrectionPaused: false,
  requestIds: 0,
});

export type TaskState = "queued" | "processing" | "cancelling" | "done" | "error" | "cancelled";

export interface Task {
  readonly id: number;
  readonly type: string;
  readonly description: string;
  readonly user: string;
  readonly deployment: string | null;
  readonly contextId: string;
  readonly queue: "normal" | "urgent";
  state: TaskState;
  /** Unix seconds of the last change of state; null until it has been picked up. */
  timestamp: number | null;
  startedAt: number | null;
  result: string | null;
  /** Output by type: event and result lines, debug text. */
  event: string;
  resultOutput: string;
  debug: string;
  /** What to do, as plain data: a job kind and its arguments. */
  readonly job: TaskJob;
}

export interface TaskJob {
  readonly kind: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface Config {
  readonly id: number;
  readonly type: string;
  readonly name: string;
  readonly content: string;
  readonly createdMs: number;
  readonly team: string | null;
  deleted: boolean;
}

export interface Stemcell {
  readonly id: number;
  readonly name: string;
  readonly version: string;
  readonly operatingSystem: string;
  readonly apiVersion: number;
  cid: string;
}

export interface ReleasePart {
  readonly name: string;
  readonly version: string;
  readonly fingerprint: string;
  readonly sha1: string;
}

export interface ReleaseJob extends ReleasePart {
  readonly packages: readonly string[];
  /** From job.MF: property → default. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly templates: readonly string[];
}

export interface ReleasePackage extends ReleasePart {
  readonly dependencies: readonly string[];
}

export interface ReleaseVersion {
  readonly name: string;
  readonly version: string;
  readonly commitHash: string;
  readonly uncommittedChanges: boolean;
  readonly jobs: readonly ReleaseJob[];
  readonly packages: readonly ReleasePackage[];
  /** `<fingerprint>:<os>/<version>` of packages that are compiled. */
  readonly compiled: Set<string>;
}

export interface Deployment {
  readonly name: string;
  readonly teams: readonly string[];
  /** The text as uploaded; null until the first deploy has succeeded. */
  manifest: string | null;
  cloudConfigIds: readonly number[];
  runtimeConfigIds: readonly number[];
  releases: readonly { readonly name: string; readonly version: string }[];
  stemcells: readonly { readonly name: string; readonly version: string }[];
  instances: Instance[];
}

export type DesiredState = "started" | "stopped" | "detached";

export interface Instance {
  readonly id: string;
  readonly deployment: string;
  readonly group: string;
  readonly index: number;
  az: string;
  bootstrap: boolean;
  state: DesiredState;
  ignore: boolean;
  /** False while its last update has not ended well: the next deploy does it again. */
  clean: boolean;
  vm: Vm | null;
  disk: Disk | null;
  /** What the VM was last made with and the jobs last applied; a difference decides what a deploy does. */
  vmSpec: string;
  jobSpec: string;
  ips: readonly { readonly network: string; readonly ip: string }[];
}

export interface Vm {
  readonly cid: string;
  readonly agentId: string;
  readonly createdMs: number;
  readonly cloudProperties: Readonly<Record<string, unknown>>;
  readonly vmType: string;
  readonly stemcell: { readonly name: string; readonly version: string; readonly apiVersion: number };
  /** The agent's word. */
  jobState: "running" | "stopped" | "failing";
  readonly jobs: readonly AppliedJob[];
}

export interface AppliedJob {
  readonly name: string;
  readonly release: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface Disk {
  readonly cid: string;
  readonly sizeMb: number;
  readonly cloudProperties: Readonly<Record<string, unknown>>;
}

export interface OrphanDisk {
  readonly cid: string;
  readonly sizeMb: number;
  readonly az: string;
  readonly deployment: string;
  readonly instance: string;
  readonly cloudProperties: Readonly<Record<string, unknown>>;
  readonly orphanedMs: number;
}

export interface Lock {
  readonly name: string;
  readonly taskId: number;
  readonly timeoutMs: number;
}
