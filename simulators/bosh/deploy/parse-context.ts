import type { CloudConfig } from "../configs/cloud-config.ts";
import type { Fields } from "../configs/fields.ts";
import type { DirectorState } from "../state/index.ts";
import type { DeployArgs } from "./args.ts";
import type { Manifest } from "./manifest.ts";

/**
 * The configs and artifacts against which a manifest is read: like the director, we look up its names as we
 * read it.
 */
export interface ParseContext {
  readonly state: Pick<DirectorState, "releases" | "stemcells" | "deployments">;
  readonly deployment: string;
  readonly teams: readonly string[];
  readonly config: CloudConfig;
  readonly args: Pick<DeployArgs, "canaries" | "maxInFlight" | "change">;
}

/** The settings that the instance groups of a manifest share. */
export interface SharedParts extends Pick<Manifest, "releases" | "stemcells" | "update"> {
  /** Properties at the top of the manifest, for jobs without their own. */
  readonly properties: Fields;
  /** `use_tmpfs_config` of the features. */
  readonly tmpfs: boolean | undefined;
}
