import type { Fields } from "../configs/fields.ts";

/** A parsed manifest (bosh.io/docs/manifest-v2) with its names not yet resolved. */
export interface Manifest {
  readonly name: string;
  readonly releases: readonly ReleaseSpec[];
  readonly stemcells: readonly {
    readonly alias: string;
    readonly os?: string;
    readonly name?: string;
    readonly version: string;
  }[];
  readonly update: UpdateSettings;
  readonly groups: readonly InstanceGroup[];
  readonly variables: readonly VariableSpec[];
  readonly features: Fields;
  readonly tags: Readonly<Record<string, string>>;
}

/** A release of a manifest or a runtime config. */
export interface ReleaseSpec {
  readonly name: string;
  readonly version: string;
  /** The stemcells from which its compiled packages were exported. */
  readonly exportedFrom: readonly { readonly os: string; readonly version: string }[];
}

/** A variable for the config server to generate. */
export interface VariableSpec {
  readonly name: string;
  readonly type: string;
  readonly options: Fields;
  /** What happens to an existing value; undefined for the default of the deployment. */
  readonly updateMode: string | undefined;
  /** When a value is looked up again: `on-deploy` or `on-stemcell-change`. */
  readonly strategy: string;
  /** The links from which it takes names. */
  readonly consumes: Fields;
}

/** A job that an instance group, or an addon, runs. */
export interface JobSpec {
  readonly name: string;
  readonly release: string;
  readonly properties: Fields;
  /** By the link's name in the job: an alias, another deployment, or `nil` to consume nothing. */
  readonly consumes: Fields;
  readonly provides: Fields;
  /** Links that the job provides by the manifest, beyond those of its release. */
  readonly customProviders: readonly Fields[];
}

/** How the instances of a group are updated. */
export interface UpdateSettings {
  readonly canaries: Amount;
  readonly maxInFlight: Amount;
  readonly canaryWatch: WatchTime;
  readonly updateWatch: WatchTime;
  readonly serial: boolean;
  readonly vmStrategy: VmStrategy;
  /** Whether the zones of a group are updated in parallel when it is first deployed. */
  readonly zonesInParallel: boolean;
}

/** How an instance gets a new VM: after the old one is deleted, or beside it. */
export type VmStrategy = "delete-create" | "create-swap-delete";

/** A number, or a text that should be a number or a percentage of the group's size. */
export type Amount = string;

/** How long jobs may take to come up: the director first asks after `minMs`, and gives up after `maxMs`. */
export interface WatchTime {
  readonly minMs: number;
  readonly maxMs: number;
}

/** The sources of a VM's cloud properties: a type, or resources for which the CPI chooses one, and extensions. */
export interface VmChoice {
  readonly vmType: string | undefined;
  readonly vmResources: Fields | undefined;
  readonly vmExtensions: readonly string[];
}

/** Instances of one kind. */
export interface InstanceGroup extends VmChoice {
  readonly name: string;
  readonly instances: number;
  /** Empty if the manifest names none. */
  readonly azs: readonly string[];
  /** The group's own jobs, then those of the addons that include it. */
  readonly jobs: readonly JobSpec[];
  readonly stemcell: string;
  readonly diskMb: number;
  readonly diskType: string | undefined;
  readonly disks: readonly { readonly name: string; readonly type: string }[];
  readonly networks: readonly GroupNetwork[];
  readonly errand: boolean;
  readonly update: UpdateSettings;
  readonly env: Fields;
  readonly migratedFrom: readonly { readonly name: string; readonly az: string | undefined }[];
  /** The state that the manifest, or a change of state, wants the instances to have. */
  readonly state: string | undefined;
  /** The same by index or id. */
  readonly instanceStates: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

/** A network of an instance group. */
export interface GroupNetwork {
  readonly name: string;
  /** One for each instance; undefined if the addresses are dynamic. */
  readonly staticIps: readonly string[] | undefined;
  /** The properties for which the network is the default: dns, gateway, addressable. */
  readonly defaults: readonly string[];
}
