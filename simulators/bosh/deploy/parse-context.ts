import type { CloudConfig } from "../configs/cloud-config.ts";
import type { Fields } from "../configs/fields.ts";
import type { DirectorState } from "../state/index.ts";
import type { DeployArgs } from "./args.ts";
import type { Manifest } from "./manifest.ts";

/** What a manifest is read against: its names are looked up while it is read, as the director does. */
export interface ParseContext {
  readonly state: Pick<DirectorState, "releases" | "stemcells" | "deployments">;
  readonly deployment: string;
  readonly teams: readonly string[];
  readonly config: CloudConfig;
  readonly args: Pick<DeployArgs, "canaries" | "maxInFlight" | "change">;
}

/** What the instance groups of a manifest share. */
export interface SharedParts extends Pick<Manifest, "releases" | "stemcells" | "update"> {
  /** Properties of the manifest as a whole, which jobs without their own get. */
  readonly properties: Fields;
  /** `use_tmpfs_config` of the features. */
  readonly tmpfs: boolean | undefined;
}
