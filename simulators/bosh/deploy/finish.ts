import type { Body } from "../../kernel/index.ts";
import { runScripts } from "../agent/scripts.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { dumpYaml } from "../templates/yaml-dump.ts";
import type { DeployPlan } from "./adopt.ts";
import { readManifest } from "./read-manifest.ts";
import type { DeployRun } from "./run.ts";

/** Post-deploy scripts run on all VMs once everything else has been done. */
export function* runPostDeploy(director: Director, instances: readonly Instance[]): Body {
  for (const instance of instances) if (instance.vm !== null) yield* runScripts(director, instance, "post-deploy");
}

/** A change of state keeps the manifest as the director writes it. */
const dumpManifest = (manifest: string | null): string | null =>
  manifest === null ? null : dumpYaml(readManifest(manifest));

/** Records the manifest and configs that were deployed. */
export function recordSuccess({ director, args, deployment }: DeployRun, plan: DeployPlan): void {
  deployment.manifest = args.manifest ?? dumpManifest(deployment.manifest);
  deployment.cloudConfigIds = args.cloudConfigIds;
  deployment.runtimeConfigIds = args.runtimeConfigIds;
  director.kernel.record("bosh", "deployment.update", deployment.name, {
    instances: deployment.instances.length,
    releases: plan.releases.map(({ name, version }) => `${name}/${version}`),
  });
}

/** Hands the DNS records to all agents as one blob, and notes that the deployment has published records. */
export function publishRecords(director: Director, deployment: Deployment): void {
  const { kernel, slot } = director;
  slot.value.dnsBlobs.push({ id: kernel.random("bosh/blobs").uuid(), createdMs: kernel.nowMs });
  deployment.hasRecords = true;
}
