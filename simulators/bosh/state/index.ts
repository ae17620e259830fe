import type { Blob, ReleaseVersion, Stemcell } from "./artifacts.ts";
import type { Config } from "./configs.ts";
import type { Deployment, Variable } from "./deployments.ts";
import type { AuditEvent } from "./events.ts";
import type { Links } from "./links.ts";
import type { MonitorMemory } from "./monitor.ts";
import type { OrphanDisk, OrphanVm, Snapshot } from "./orphans.ts";
import type { Problem } from "./problems.ts";
import type { Lock, Task } from "./tasks.ts";

/**
 * The state of a director: plain data, captured by snapshots. Times are ms since the Unix epoch unless a name
 * says otherwise.
 */
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
  jobIds: number;
  releaseRows: number;
  /** `name/version` of stemcells that were ever uploaded. */
  readonly stemcellUploads: Set<string>;
  readonly links: Links;
  problems: Problem[];
  problemIds: number;
  readonly snapshots: Snapshot[];
  /** Blobs that tasks made (logs, errand output, exports), oldest first; bounded. */
  readonly blobs: Map<string, Blob>;
  /** The config server's values by absolute name, newest last. */
  readonly variables: Map<string, Variable[]>;
  /** Blobs of DNS records that were handed to the agents. */
  dnsBlobs: { readonly id: string; readonly createdMs: number }[];
  /** The blobs of exported releases, which a clean-up deletes. */
  exportedReleases: string[];
  /** VMs that could not be deleted with their deployment, or were replaced. */
  readonly orphanVms: Map<string, OrphanVm>;
  /** Availability zones in the order in which the director first saw them. */
  readonly zones: string[];
  /** Networks and groups of instances, in the order in which the director numbered them for short DNS names. */
  readonly dnsNetworks: string[];
  readonly dnsGroups: string[];
  /** The holder of each address. */
  readonly addresses: Map<string, { readonly deployment: string; readonly instance: string }>;
  /** The index at which the search for a free address begins, by range: none below it is free. */
  readonly addressHints: Map<string, number>;
}

/** The state of a new director. */
export const createState = (): DirectorState => ({
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
  jobIds: 0,
  releaseRows: 0,
  stemcellUploads: new Set(),
  links: { providers: [], consumers: [], links: [], ids: { providers: 0, consumers: 0, links: 0 } },
  problems: [],
  problemIds: 0,
  snapshots: [],
  blobs: new Map(),
  variables: new Map(),
  dnsBlobs: [],
  exportedReleases: [],
  orphanVms: new Map(),
  zones: [],
  dnsNetworks: [],
  dnsGroups: [],
  addresses: new Map(),
  addressHints: new Map(),
});
