import { parseManifest } from "../deploy/read-manifest.ts";
import type { Manifest } from "../deploy/manifest.ts";
import type { Director } from "../state/director.ts";
import { type CloudConfig, parseCloudConfig } from "./cloud-config.ts";
import type { Fields } from "./fields.ts";
import { configsById } from "./latest.ts";
import { withRuntime } from "./runtime-config.ts";

/** A manifest with the additions of the runtime configs, and the cloud config with which it is deployed. @throws DirectorError for malformed parts */
export function readDeployConfigs(
  director: Director,
  manifest: Fields,
  cloudConfigIds: readonly number[],
  runtimeConfigIds: readonly number[],
): { readonly manifest: Manifest; readonly config: CloudConfig } {
  return {
    manifest: withRuntime(director, parseManifest(manifest), runtimeConfigIds),
    config: parseCloudConfig(configsById(director, cloudConfigIds).map(({ content }) => content)),
  };
}
