import type { Fields } from "../configs/fields.ts";

/** A parsed manifest (bosh.io/docs/manifest-v2), whose names are not yet resolved. */
export interface Manifest {
  readonly name: string;
  readonly releases: readonly { readonly name: string; readonly version: string }[];
  readonly stemcells: readonly {
    readonly alias: string;
    readonly os?: string;
    readonly name?: string;
    readonly version: string;
  }[];
  readonly update: UpdateSettings;
  readonly groups: readonly InstanceGroup[];
  readonly addons: readonly Addon[];
  readonly variables: readonly VariableSpec[];
  readonly features: Fields;
  readonly tags: Readonly<Record<string, string>>;
}

/** Jobs that are put on every instance that the rules of an addon include. */
export interface Addon {
  readonly name: string;
  readonly jobs: readonly JobSpec[];
  readonly include: Fields | undefined;
  readonly exclude: Fields | undefined;
}

/** A variable for the config server to generate. */
export interface VariableSpec {
  readonly name: string;
  readonly type: string;
  readonly options: Fields;
  readonly isConverging: boolean;
}

/** A job that an instance group, or an addon, runs. */
export interface JobSpec {
  readonly name: string;
  readonly release: string;
  readonly properties: Fields;
  /** By the name in the job: an alias, another deployment, `nil` to consume nothing. */
  readonly consumes: Fields;
  readonly provides: Fields;
}

/** How the instances of a group are updated. */
export interface UpdateSettings {
  readonly canaries: Amount;
  readonly maxInFlight: Amount;
  readonly canaryWatch: WatchTime;
  readonly updateWatch: WatchTime;
  readonly serial: boolean;
}

/** A number, or text that should be a number or a percentage of a group's size. */
export type Amount = number | string;

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
  readonly azs: readonly string[];
  readonly jobs: readonly JobSpec[];
  readonly stemcell: string;
  readonly diskMb: number;
  readonly diskType: string | undefined;
  readonly networks: readonly {
    readonly name: string;
    readonly staticIps: readonly string[];
    readonly defaults: readonly string[];
  }[];
  readonly errand: boolean;
  readonly update: UpdateSettings;
  readonly env: Fields;
  readonly migratedFrom: readonly string[];
}
