import { readDeployConfigs } from "../configs/deploy-configs.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { type DeployPlan, withExistingOnly } from "./adopt.ts";
import { readManifest } from "./read-manifest.ts";
import { planInstances } from "./plan.ts";
import { resolveManifest } from "./references.ts";
import { runningSet } from "./variable-sets.ts";

/**
 * The plan of the last successful deploy, for other tasks (errands, cloud check, single instances). Pure.
 * Undefined if no deploy has succeeded yet. @throws DirectorError if the manifest refers to something that no
 * longer exists
 */
export function planDeployed(director: Director, deployment: Deployment): DeployPlan | undefined {
  if (deployment.manifest === null) return undefined;
  const state = director.slot.value;
  const { cloudConfigIds, runtimeConfigIds } = deployment;
  const input = { cloudConfigIds, runtimeConfigIds, canaries: null, maxInFlight: null, change: null };
  const fields = readManifest(deployment.manifest);
  const { manifest, config } = readDeployConfigs(director, deployment.name, fields, input, runningSet(deployment));
  const resolved = resolveManifest(state, deployment.name, manifest, config, director.kernel.nowMs);
  return withExistingOnly(planInstances(state, deployment, resolved), deployment);
}
