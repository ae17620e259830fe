/** What exists in a director: plain data, captured by snapshots. Times are ms since the Unix epoch unless a name says otherwise. */
export interface DirectorState {
  readonly tasks: Map<number, Task>;
  taskIds: number;
  /** Ids of queued tasks, oldest first. */
  readonly queue: { normal: number[]; urgent: number[] };
  busyWorkers: number;
  readonly configs: Config[];
  readonly stemcells: Stemcell[];
  stemcellIds: number;
  readonly releases: Map<string, ReleaseVersion[]>;
  readonly deployments: Map<string, Deployment>;
  readonly orphanDisks: Map<string, OrphanDisk>;
  readonly locks: Map<string, Lock>;
  resurrectionPaused: boolean;
  readonly monitor: MonitorMemory;
  /** Audit events, oldest first; their ids are 1, 2, 3 … */
  readonly events: AuditEvent[];
  deploymentIds: number;
  /** Rows of instances, those of compilation VMs among them. */
  instanceRows: number;
  diskRows: number;
  packageIds: number;
  readonly links: Links;
  problems: Problem[];
  problemIds: number;
  readonly snapshots: Snapshot[];
  /** Blobs that tasks made (logs, errand output, exports), oldest first; bounded. */
  readonly blobs: Map<string, Blob>;
  /** The config server's values by absolute name, newest last. */
  readonly variables: Map<string, Variable[]>;
  /** Blobs of DNS records that were handed to the agents. */
  dnsBlobs: string[];
  /** VMs that could not be deleted with their deployment, or were swapped out. */
  readonly orphanVms: Map<string, OrphanVm>;
  /** Availability zones in the order in which they came to be known. */
  readonly zones: string[];
  /** Who holds each address. */
  readonly addresses: Map<string, { readonly deployment: string; readonly instance: string }>;
  /** Per range, no address below this one is free: where a search begins. */
  readonly addressHints: Map<string, number>;
}

export const newState = (): DirectorState => ({
  tasks: new Map(),
  taskIds: 0,
  queue: { normal: [], urgent: [] },
  busyWorkers: 0,
  configs: [],
  stemcells: [],
  stemcellIds: 0,
  releases: new Map(),
  deployments: new Map(),
  orphanDisks: new Map(),
  locks: new Map(),
  resurrectionPaused: false,
  monitor: { silentSinceMs: new Map(), alertedMs: new Map() },
  events: [],
  deploymentIds: 0,
  instanceRows: 0,
  diskRows: 0,
  packageIds: 0,
  links: { providers: [], consumers: [], links: [], ids: { providers: 0, consumers: 0, links: 0 } },
  problems: [],
  problemIds: 0,
  snapshots: [],
  blobs: new Map(),
  variables: new Map(),
  dnsBlobs: [],
  orphanVms: new Map(),
  zones: [],
  addresses: new Map(),
  addressHints: new Map(),
});

/** What the health monitor remembers from one look to the next. */
export interface MonitorMemory {
  /** By agent id: the first look at which its agent was silent. */
  silentSinceMs: Map<string, number>;
  /** By instance id: when the resurrector was last told of it. */
  alertedMs: Map<string, number>;
}

/** One line of the director's audit log (`bosh events`). */
export interface AuditEvent {
  readonly id: number;
  readonly parentId: number | null;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly user: string;
  readonly action: string;
  readonly objectType: string;
  readonly objectName: string | null;
  readonly error: string | null;
  readonly task: number | null;
  readonly deployment: string | null;
  readonly instance: string | null;
  readonly context: Readonly<Record<string, unknown>>;
}

export interface LinkProvider {
  readonly id: number;
  readonly deployment: string;
  readonly group: string;
  readonly job: string;
  /** In the release's job. */
  readonly definition: string;
  readonly type: string;
  name: string;
  shared: boolean;
}

export interface LinkConsumer {
  readonly id: number;
  readonly deployment: string;
  readonly ownerType: "job" | "external";
  readonly owner: string;
  readonly group: string | null;
  readonly definition: string;
  readonly type: string;
  name: string;
  readonly optional: boolean;
}

export interface Link {
  readonly id: number;
  readonly name: string;
  readonly consumerId: number;
  readonly providerId: number;
  readonly createdMs: number;
  readonly network: string | null;
}

export interface Links {
  providers: LinkProvider[];
  consumers: LinkConsumer[];
  links: Link[];
  readonly ids: { providers: number; consumers: number; links: number };
}

/** What a cloud check found (docs/discoveries/bosh-director.md, "Cloud check"). */
export interface Problem {
  readonly id: number;
  readonly deployment: string;
  readonly type: "unresponsive_agent" | "missing_vm" | "missing_disk" | "mount_info_mismatch";
  readonly instanceId: string;
  /** The row of the instance, or of its disk where the problem is about that. */
  readonly resourceId: number;
  /** The VMs on which agents have the disk mounted; of a mount_info_mismatch. */
  readonly ownerVms: readonly string[];
  state: "open" | "resolved" | "closed";
}

export interface Snapshot {
  readonly cid: string;
  readonly diskCid: string;
  readonly deployment: string;
  readonly instanceId: string;
  readonly group: string;
  readonly index: number;
  readonly createdMs: number;
}

/** A gzipped tar, described by its members' texts; made when it is fetched. */
export interface Blob {
  readonly id: string;
  readonly members: readonly BlobMember[];
}

export interface BlobMember {
  readonly name: string;
  /** Null for a directory. */
  readonly text: string | null;
  /** Default utf8. */
  readonly encoding?: "base64";
}

export interface Variable {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** The options it was made with, as JSON. */
  readonly options: string;
  readonly value: string;
}

export interface OrphanVm {
  readonly cid: string;
  readonly az: string;
  readonly deployment: string;
  readonly instance: string;
  readonly ips: readonly string[];
  readonly orphanedMs: number;
}

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
  cpi: string;
  /** Since when nobody works on it although it is in process; null while somebody does. */
  deadSinceMs: number | null;
  /** What to do, as plain data: a job kind and its arguments. */
  job: TaskJob;
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
  readonly blobId: string;
}

/** What a job says it takes from or gives to others (job.MF). */
export interface LinkDefinition {
  readonly name: string;
  readonly type: string;
  readonly optional?: boolean;
  readonly properties?: readonly string[];
}

export interface ReleaseJob extends ReleasePart {
  readonly packages: readonly string[];
  /** From job.MF: property → default; null when there is none. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Where each template goes (`bin/run`), and its text. */
  readonly templates: readonly { readonly source: string; readonly target: string; readonly text: string }[];
  readonly consumes: readonly LinkDefinition[];
  readonly provides: readonly LinkDefinition[];
}

export interface ReleasePackage extends ReleasePart {
  readonly id: number;
  readonly dependencies: readonly string[];
  /** The packaging script; null when only the compiled package was uploaded. */
  readonly packaging: string | null;
}

export interface ReleaseVersion {
  readonly name: string;
  readonly version: string;
  readonly commitHash: string;
  readonly uncommittedChanges: boolean;
  jobs: readonly ReleaseJob[];
  packages: readonly ReleasePackage[];
  /** By `<fingerprint>:<os>/<version>`. */
  readonly compiled: Map<string, { readonly sha1: string; readonly blobId: string }>;
}

export interface Deployment {
  readonly id: number;
  readonly name: string;
  readonly teams: readonly string[];
  /** The text as uploaded; null until the first deploy has succeeded. */
  manifest: string | null;
  cloudConfigIds: readonly number[];
  runtimeConfigIds: readonly number[];
  releases: readonly { readonly name: string; readonly version: string }[];
  stemcells: readonly { readonly name: string; readonly version: string }[];
  instances: Instance[];
  /** The current variable set: name → id of the value in use. */
  variables: readonly { readonly id: string; readonly name: string }[];
  /** Whether DNS records of it have been published. */
  hasRecords: boolean;
  /** Errands that ran last without changes since, by name. */
  readonly errandRuns: Record<string, string>;
}

export type DesiredState = "started" | "stopped" | "detached";

/** What is compared to find out why an instance must change; the names are those of the audit log. */
export type Change =
  | "recreate"
  | "stemcell"
  | "env"
  | "cloud_properties"
  | "network"
  | "persistent_disk"
  | "packages"
  | "configuration"
  | "job"
  | "tags"
  | "dns"
  | "dirty"
  | "state";

/** A digest for each part of what was last applied to an instance. */
export type Applied = Readonly<Partial<Record<Change, string>>>;

export interface Instance {
  readonly id: string;
  /** Its row in the director's database: cloud check shows it. */
  readonly row: number;
  readonly deployment: string;
  group: string;
  index: number;
  az: string;
  bootstrap: boolean;
  state: DesiredState;
  ignore: boolean;
  /** Of an errand group: has a VM only while it runs, or when kept alive. */
  errand: boolean;
  /** False while its last update has not ended well: the next deploy does it again. */
  clean: boolean;
  vm: Vm | null;
  disk: Disk | null;
  /** Null until a VM has been made for it. */
  applied: Applied | null;
  vmType: string;
  cloudProperties: Readonly<Record<string, unknown>>;
  ips: readonly { readonly network: string; readonly ip: string }[];
  /** Addresses that a plan has reserved for its next VM. */
  pendingIps: readonly string[];
}

export interface Vm {
  readonly cid: string;
  readonly agentId: string;
  readonly createdMs: number;
  readonly stemcell: { readonly name: string; readonly version: string; readonly apiVersion: number };
  /** What the supervisor says, unless a job fails. */
  jobState: "running" | "stopped" | "failing";
  /** Whether its jobs have ever been started: the supervisor then knows of their processes. */
  isSupervised: boolean;
  /** The persistent disk that the agent has mounted. */
  mountedDisk: string | null;
  jobs: readonly AppliedJob[];
}

/**
 * Is this instance to have a VM? Only one that has had its jobs applied, is no errand, and has not been stopped hard (the director's
 * `expects_vm`). Neither `ignore` nor a paused resurrection changes what is expected.
 */
export const expectsVm = ({ errand, state, applied }: Instance): boolean =>
  !errand && state !== "detached" && applied?.configuration !== undefined;

export interface AppliedJob {
  readonly name: string;
  readonly release: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Rendered scripts of `bin/`, by their name. */
  readonly scripts: Readonly<Record<string, string>>;
}

export interface Disk {
  /** Its row in the director's database: cloud check shows it. */
  readonly row: number;
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
