import { parseCloudConfig } from "../configs/cloud-config.ts";
import { configsById } from "../configs/latest.ts";
import { withRuntime } from "../configs/runtime-config.ts";
import type { VmNetwork } from "../cpi/cpi.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { reserveAddresses } from "./addresses.ts";
import { parseManifest, readManifest } from "./manifest.ts";
import { planInstance, type PlannedInstance } from "./plan-instance.ts";
import { type DeployPlan, place, type PlannedGroup } from "./plan.ts";
import { resolveManifest } from "./references.ts";
import type { DeployRun } from "./run.ts";
import { resolverFor } from "./variables.ts";

/** What other tasks (errands, resurrection) need of a deploy: the plan of what is deployed, without changing it. */
export function planDeployed(director: Director, deployment: Deployment): DeployPlan | undefined {
  if (deployment.manifest === null) return undefined;
  const manifest = withRuntime(director, parseManifest(readManifest(deployment.manifest)), deployment.runtimeConfigIds);
  const config = parseCloudConfig(configsById(director, deployment.cloudConfigIds).map(({ content }) => content));
  const { instances } = deployment;
  deployment.instances = [...instances];
  const plan = place(director, deployment, resolveManifest(director, deployment, manifest, config));
  deployment.instances = instances;
  return plan;
}

export function planned(
  { director, deployment }: DeployRun,
  plan: DeployPlan,
  group: PlannedGroup,
  instance: Instance,
  networks: ReadonlyMap<string, readonly VmNetwork[]>,
): PlannedInstance {
  const known = networks.get(instance.id) ?? reserveAddresses(director, plan, group, instance);
  return planInstance(director, plan, group, instance, known, resolverFor(director, deployment));
}

/** Plans an instance of a group anew: what it links to may have changed since. */
export const planOf = (
  run: Pick<DeployRun, "director" | "deployment">,
  plan: DeployPlan,
  group: PlannedGroup,
  instance: Instance,
): PlannedInstance => planned(run as DeployRun, plan, group, instance, new Map());
