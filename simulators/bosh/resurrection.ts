import type { Body } from "../kernel/index.ts";
import { deploymentLock, planDeployed, planOf } from "./deploy/deploy.ts";
import { createVm, deleteVm, start, title } from "./deploy/instance.ts";
import type { Director } from "./director.ts";
import type { Deployment, Instance, Task } from "./state.ts";
import { holding, Stage, startTask } from "./tasks.ts";

/** The health monitor looks this often, and takes an agent for lost after this much silence. */
export const MONITOR_MS = 60_000;

const lost = (director: Director, { instances }: Deployment): readonly Instance[] =>
  instances.filter(
    (instance) =>
      instance.state === "started" &&
      !instance.ignore &&
      instance.vm !== null &&
      instance.applied !== null &&
      !director.cpi.isAlive(instance.vm.cid),
  );

/** Starts a scan-and-fix for each deployment that has lost a VM and isn't being worked on. */
export function monitor(director: Director): void {
  const { deployments, locks, tasks, resurrectionPaused } = director.slot.value;
  if (director.options.resurrector !== false && !resurrectionPaused) {
    const busy = new Set(
      [...tasks.values()]
        .filter(({ state, deadSinceMs }) => deadSinceMs === null && (state === "queued" || state === "processing"))
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
  if (director.options.resurrector !== false) sweep(director);
  director.kernel.timer(MONITOR_MS, "bosh/monitor", null);
}

/** How long a disk waits as an orphan. */
const DISK_MS = 5 * 86_400_000;

/** Is the last clean-up of the schedule still under way? One whose worker died is not. */
const isSweeping = (director: Director): boolean =>
  [...director.slot.value.tasks.values()].some(
    ({ type, user, state, deadSinceMs }) =>
      type === "delete_artifacts" &&
      user === "scheduler" &&
      deadSinceMs === null &&
      (state === "queued" || state === "processing" || state === "cancelling"),
  );

/** What the director's own schedule deletes: VMs left behind at once, disks after five days. */
function sweep(director: Director): void {
  const { orphanVms, orphanDisks } = director.slot.value;
  const old = [...orphanDisks.values()].filter(({ orphanedMs }) => director.kernel.nowMs - orphanedMs > DISK_MS);
  if ((orphanVms.size === 0 && old.length === 0) || isSweeping(director)) return;
  startTask(director, {
    type: "delete_artifacts",
    description: "scheduled orphan cleanup",
    user: "scheduler",
    job: { kind: "sweep", args: { cids: old.map(({ cid }) => cid) } },
  });
}

/** `scan and fix`: recreates the VMs that are gone; each keeps its id, its address and its disk. */
export function* scanAndFix(director: Director, task: Task, args: Readonly<Record<string, unknown>>): Body<string> {
  const name = String(args.deployment);
  const deployment = director.slot.value.deployments.get(name);
  const options = { waitMs: 0, deployment: name };
  if (deployment !== undefined)
    yield* holding(director, task, deploymentLock(name), options, fixLost(director, task, deployment));
  return "scan and fix complete";
}

function* fixLost(director: Director, task: Task, deployment: Deployment): Body {
  const missing = lost(director, deployment);
  if (missing.length === 0) return;
  const stage = new Stage(director, task, "Applying problem resolutions", missing.length);
  for (const instance of missing) {
    const label = `VM for '${title(instance)}' with cloud ID '${instance.vm?.cid ?? ""}' missing. (missing_vm ${instance.index}): Recreate VM and wait for processes to start`;
    yield* stage.step(label, recreate(director, task, deployment, instance, true));
  }
}

/** Makes the VM of an instance anew from what is deployed, with its disk and its address. */
export function* recreate(
  director: Director,
  task: Task,
  deployment: Deployment,
  instance: Instance,
  waits: boolean,
): Body {
  const plan = planDeployed(director, deployment);
  const group = plan?.groups.find(({ instances }) => instances.includes(instance));
  yield* deleteVm(director, task, instance);
  if (plan === undefined || group === undefined) return;
  const planned = planOf({ director, deployment }, plan, group, instance);
  yield* createVm(director, task, planned);
  const watch = waits ? planned.group.update.updateWatch : { minMs: 0, maxMs: 0 };
  yield* start(director, task, planned, { watch, base: 40 });
}
