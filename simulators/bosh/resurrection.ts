import type { Body } from "../kernel/index.ts";
import { deploymentLock } from "./deploy/deploy.ts";
import { createVm, deleteVm, start, title } from "./deploy/instance.ts";
import { parseCloudConfig } from "./deploy/cloud-config.ts";
import { parseManifest, readManifest } from "./deploy/manifest.ts";
import { planDeploy, resolveRelease } from "./deploy/plan.ts";
import type { Director } from "./director.ts";
import type { Deployment, Instance, Task } from "./state.ts";
import { lock, Stage, startTask } from "./tasks.ts";
import { isReachable } from "./vitals.ts";

/** The health monitor looks this often, and takes an agent for lost after this much silence. */
export const MONITOR_MS = 60_000;

const lost = (director: Director, { instances }: Deployment): readonly Instance[] =>
  instances.filter(
    (instance) =>
      instance.state === "started" &&
      !instance.ignore &&
      instance.vm !== null &&
      instance.clean &&
      !isReachable(director, instance),
  );

/** Starts a scan-and-fix for each deployment that has lost a VM and isn't being worked on. */
export function monitor(director: Director): void {
  const { deployments, locks, tasks, resurrectionPaused } = director.slot.value;
  if (director.options.resurrector !== false && !resurrectionPaused) {
    const busy = new Set(
      [...tasks.values()]
        .filter(({ state }) => state === "queued" || state === "processing")
        .map(({ deployment }) => deployment),
    );
    for (const deployment of deployments.values()) {
      if (
        busy.has(deployment.name) ||
        locks.has(deploymentLock(deployment.name)) ||
        lost(director, deployment).length === 0
      )
        continue;
      startTask(director, {
        type: "cck_scan_and_fix",
        description: "scan and fix",
        user: "hm",
        deployment: deployment.name,
        job: { kind: "scan_and_fix", args: { deployment: deployment.name } },
      });
    }
  }
  director.kernel.timer(MONITOR_MS, "bosh/monitor", null);
}

/** `scan and fix`: recreates the VMs that are gone; each keeps its id, its address and its disk. */
export function* scanAndFix(director: Director, task: Task, args: Readonly<Record<string, unknown>>): Body<string> {
  const name = String(args.deployment);
  yield* lock(director, task, deploymentLock(name), 0);
  const deployment = director.slot.value.deployments.get(name);
  if (deployment?.manifest == null) return "scan and fix complete";
  const manifest = parseManifest(readManifest(deployment.manifest));
  const texts = deployment.cloudConfigIds.flatMap(
    (id) => director.slot.value.configs.find((each) => each.id === id)?.content ?? [],
  );
  const releases = manifest.releases.map((each) => resolveRelease(director, each.name, each.version));
  const plan = planDeploy(director, deployment, manifest, parseCloudConfig(texts), releases);
  const missing = lost(director, deployment);
  const stage = new Stage(director, task, "Applying problem resolutions", missing.length);
  for (const instance of missing) {
    const planned = plan.groups.flatMap(({ instances }) => instances).find((each) => each.instance === instance);
    if (planned === undefined) continue;
    const problem = `VM for '${title(instance)}' with cloud ID '${instance.vm?.cid ?? ""}' missing. (missing_vm ${instance.index}): Recreate VM and wait for processes to start`;
    yield* stage.step(
      problem,
      (function* (): Body {
        yield* deleteVm(director, instance);
        yield* createVm(director, task, deployment, planned);
        yield* start(director, planned, planned.group.update.updateWatch);
      })(),
    );
  }
  return "scan and fix complete";
}
