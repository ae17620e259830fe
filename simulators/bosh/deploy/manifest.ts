import type { Fields } from "../configs/fields.ts";

/** A parsed manifest (bosh.io/docs/manifest-v2), whose names are not yet resolved. */
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
  /** How a value that exists is treated; undefined for the default of the deployment. */
  readonly updateMode: string | undefined;
  /** When a value is looked up anew: `on-deploy` or `on-stemcell-change`. */
  readonly strategy: string;
  /** The links that it takes names from. */
  readonly consumes: Fields;
}

/** A job that an instance group, or an addon, runs. */
export interface JobSpec {
  readonly name: string;
  readonly release: string;
  readonly properties: Fields;
  /** By the name in the job: an alias, another deployment, `nil` to consume nothing. */
  readonly consumes: Fields;
  readonly provides: Fields;
  /** Links that the manifest has the job provide beyond those of its release. */
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
  /** Whether the zones of a group are updated at once when it is deployed for the first time. */
  readonly zonesInParallel: boolean;
}

/** How an instance gets another VM: after the old one is deleted, or beside it. */
export type VmStrategy = "delete-create" | "create-swap-delete";

/** A number, or text that should be a number or a percentage of a group's size. */
export type Amount = string;

/** How long jobs may take to run: nobody asks before `minMs` or waits beyond `maxMs`. */
export interface WatchTime {
  readonly minMs: number;
  readonly maxMs: number;
}

/** What decides the cloud properties of a VM: a type, or resources that the CPI makes a type of, and extensions. */
export interface VmChoice {
  readonly vmType: string | undefined;
  readonly vmResources: Fields | undefined;
  readonly vmExtensions: readonly string[];
}

/** Instances of one kind. */
export interface InstanceGroup extends VmChoice {
  readonly name: string;
  readonly instances: number;
  /** None if the manifest names none. */
  readonly azs: readonly string[];
  /** Its own jobs, then those of the addons that include it. */
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
  /** The state that the manifest, or a change of state, wants for the instances. */
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
  /** What the network is the default for: dns, gateway, addressable. */
  readonly defaults: readonly string[];
}
