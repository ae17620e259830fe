import type { VmNetwork } from "../cpi/cpi.ts";

/** A deployment, from its first deploy on, whether that succeeds or not. */
export interface Deployment {
  readonly id: number;
  readonly name: string;
  /** Its name as a label of DNS, which no other deployment may have. */
  readonly canonical: string;
  readonly teams: readonly string[];
  /** The text as uploaded; null until the first deploy has succeeded. */
  manifest: string | null;
  cloudConfigIds: readonly number[];
  runtimeConfigIds: readonly number[];
  releases: readonly { readonly name: string; readonly version: string }[];
  stemcells: readonly { readonly name: string; readonly version: string }[];
  instances: Instance[];
  /** The sets of its deploys that still matter, newest last. */
  variableSets: readonly VariableSet[];
  /** Whether its DNS records have been published. */
  hasRecords: boolean;
  /** Errands that ran, by name; for as long as nothing changes. */
  readonly errandRuns: Record<string, string>;
}

/** The versions of variables that a deploy uses. */
export interface VariableSet {
  readonly id: number;
  readonly entries: { readonly id: string; readonly name: string }[];
  /** True while its deploy is in progress: missing values are then looked up and added. */
  isOpen: boolean;
  isDeployed: boolean;
}

/** The desired state of an instance: running, stopped, or stopped and without its VM. */
export type DesiredState = "started" | "stopped" | "detached";

/** The parts that are compared to find out why an instance must change, as the audit log names them. */
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

/** A place in an instance group. It may have a VM and a disk. */
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
  /** Whether it belongs to an errand group: it then has a VM only while the errand runs, or if it is kept alive. */
  errand: boolean;
  /** False until its last update has succeeded; until then the next deploy updates the instance again. */
  clean: boolean;
  vm: Vm | null;
  disk: Disk | null;
  /** The disks that its group names (`persistent_disks`): attached, but not mounted. */
  namedDisks: readonly NamedDisk[];
  /**
   * Disks that were created for it and could not be put to use: cloud check finds them, and the next change
   * of disks orphans them.
   */
  inactiveDisks: readonly Disk[];
  /** Null until a VM has been created for it. */
  applied: Applied | null;
  vmType: string;
  cloudProperties: Readonly<Record<string, unknown>>;
  /** The id of the variable set with which it was last updated. */
  variableSet: number;
  ips: readonly { readonly network: string; readonly ip: string }[];
  /** Addresses that a plan has reserved for its next VM. */
  pendingIps: readonly string[];
  /** The VM that will replace its own (create-swap-delete). */
  standby: Standby | null;
}

/** A VM that was made alongside the one of its instance, to replace it. */
export interface Standby {
  readonly vm: Vm;
  readonly vmType: string;
  readonly cloudProperties: Readonly<Record<string, unknown>>;
  readonly networks: readonly VmNetwork[];
  /** The parts that belong to a VM, as they were when it was created. */
  readonly applied: Applied;
}

/** The VM of an instance. */
export interface Vm {
  readonly cid: string;
  readonly agentId: string;
  readonly createdMs: number;
  readonly stemcell: { readonly name: string; readonly version: string; readonly apiVersion: number | null };
  /** The state that the supervisor reports, unless a job fails. */
  jobState: "running" | "stopped" | "failing";
  /** Whether its jobs have ever been started: the supervisor then knows of their processes. */
  isSupervised: boolean;
  /** The persistent disk that the agent has mounted. */
  mountedDisk: string | null;
  jobs: readonly AppliedJob[];
  /** The output of each script's last run, by `job/script`. */
  outputs: Readonly<Record<string, ScriptOutput>>;
}

/** The output of a script. */
export interface ScriptOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Whether this instance should have a VM: only if its jobs have been applied, it is not an errand, and it has not been stopped hard (the
 * director's `expects_vm`). Neither `ignore` nor a paused resurrection changes that.
 */
export const expectsVm = ({ errand, state, applied }: Instance): boolean =>
  !errand && state !== "detached" && applied?.configuration !== undefined;

/** A job that an agent has been given. */
export interface AppliedJob {
  readonly name: string;
  readonly release: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Rendered scripts of `bin/`, by their name. */
  readonly scripts: Readonly<Record<string, string>>;
}

/** The persistent disk of an instance. */
export interface Disk {
  /** Its row in the director's database: cloud check shows it. */
  readonly row: number;
  readonly cid: string;
  readonly sizeMb: number;
  readonly cloudProperties: Readonly<Record<string, unknown>>;
}

/** One of several disks of an instance, by the name that its group gives it. */
interface NamedDisk extends Disk {
  readonly name: string;
}

/** One version of a variable. */
export interface Variable {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** The options it was made with, as JSON. */
  readonly options: string;
  /** A text, or one with parts. */
  readonly value: string | Readonly<Record<string, string>>;
}
