import { requireDeployment } from "../state/lookup.ts";
import type { TaskArguments } from "../tasks/jobs.ts";
import type { Body } from "../../kernel/index.ts";
import { agentState } from "../agent/state.ts";
import { deploymentLock } from "../deploy/deployment-lock.ts";
import { type Deployment, type Disk, expectsVm, type Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import { closeProblems, openProblem } from "./problems.ts";

/** How long a scan gives each agent, not scaled by the pace. */
const SILENCE_MS = 10_000;

/** How many agents are asked at once. */
const AGENTS_PARALLEL = 32;

/** The refusal of a scan while another task has the deployment's lock, for which it does not wait. */
export const LOCKED = "Unable to get deployment lock, maybe a deployment is in progress. Try again later.";

/** The disk that each VM's agent reported as mounted in the scan of VMs, by VM. */
type Mounts = ReadonlyMap<string, string>;

/** `scan cloud`. Earlier open problems of the deployment are closed. */
export function* scanCloud(director: Director, task: Task, args: TaskArguments["cck_scan"]): Body<string> {
  const deployment = requireDeployment(director, args.deployment);
  const options = { waitMs: 0, deployment: deployment.name, refusal: LOCKED };
  yield* withLock(director, task, deploymentLock(deployment.name), options, scanAll(director, task, deployment));
  return "scan complete";
}

function* scanAll(director: Director, task: Task, { name, instances }: Deployment): Body {
  closeProblems(director, name);
  const mounts = yield* scanVms(director, task, instances);
  yield* scanDisks(director, task, instances, mounts);
}

/** Asks the agent of each instance that should have a VM; ignored instances are only counted. */
export function* scanVms(director: Director, task: Task, instances: readonly Instance[]): Body<Mounts> {
  const expected = instances.filter(expectsVm);
  const ignored = expected.filter(({ ignore }) => ignore).length;
  const stage = new Stage(director, task, `Scanning ${expected.length} VMs`, 2);
  const { silent, missing, mounts } = yield* stage.step("Checking VM states", checkVms(director, expected));
  const ok = expected.length - ignored - silent;
  const tail = ignored === 0 ? "" : `, ${ignored} ignored`;
  stage.begin(`${ok} OK, ${silent - missing} unresponsive, ${missing} missing, 0 unbound${tail}`).finish();
  return mounts;
}

function* checkVms(
  director: Director,
  instances: readonly Instance[],
): Body<{ readonly silent: number; readonly missing: number; readonly mounts: Mounts }> {
  const mounts = new Map<string, string>();
  const silent: Instance[] = [];
  for (const instance of instances.filter(({ ignore }) => !ignore)) {
    const isSilent = ["silent", "none"].includes(agentState(director, instance));
    if (isSilent) silent.push(instance);
    // A silent agent is not reported for its disk as well.
    const mounted = isSilent ? instance.disk?.cid : instance.vm?.mountedDisk;
    if (instance.vm !== null && mounted != null) mounts.set(instance.vm.cid, mounted);
  }
  yield Math.ceil(silent.length / AGENTS_PARALLEL) * SILENCE_MS;
  let missing = 0;
  for (const instance of silent) {
    const exists = instance.vm !== null && (yield* director.cpi.hasVm(instance.vm.cid));
    if (!exists) missing++;
    openProblem(director, instance, exists ? "unresponsive_agent" : "missing_vm");
  }
  return { silent: silent.length, missing, mounts };
}

function* scanDisks(director: Director, task: Task, instances: readonly Instance[], mounts: Mounts): Body {
  const owned = instances.filter(({ ignore }) => !ignore).flatMap(ownedDisks);
  const stage = new Stage(director, task, `Scanning ${owned.length} persistent disks`, 2);
  const found = yield* stage.step("Looking for inactive disks", checkDisks(director, owned, mounts));
  const count = (type: DiskProblem): number => found.filter((each) => each === type).length;
  const [missing, inactive] = [count("missing_disk"), count("inactive_disk")];
  const mismatched = count("mount_info_mismatch");
  const ok = owned.length - found.length;
  stage.begin(`${ok} OK, ${missing} missing, ${inactive} inactive, ${mismatched} mount-info mismatch`).finish();
}

type DiskProblem = "missing_disk" | "inactive_disk" | "mount_info_mismatch";

/** A disk to scan, with its instance. */
interface OwnedDisk {
  readonly instance: Instance;
  readonly disk: Disk;
  readonly isActive: boolean;
}

const ownedDisks = (instance: Instance): readonly OwnedDisk[] => [
  ...(instance.disk === null ? [] : [{ instance, disk: instance.disk, isActive: true }]),
  ...instance.inactiveDisks.map((disk) => ({ instance, disk, isActive: false })),
];

/** The problems that were found. */
function* checkDisks(director: Director, owned: readonly OwnedDisk[], mounts: Mounts): Body<readonly DiskProblem[]> {
  const found: DiskProblem[] = [];
  for (const { instance, disk, isActive } of owned) {
    const ownerVms = [...mounts].flatMap(([vm, mounted]) => (mounted === disk.cid ? [vm] : []));
    const isMisplaced = instance.vm !== null && (ownerVms.length !== 1 || ownerVms[0] !== instance.vm.cid);
    const type = !(yield* director.cpi.hasDisk(disk.cid))
      ? "missing_disk"
      : !isActive
        ? "inactive_disk"
        : isMisplaced
          ? "mount_info_mismatch"
          : undefined;
    if (type === undefined) continue;
    found.push(type);
    openProblem(director, instance, type, type === "mount_info_mismatch" ? { disk, ownerVms } : { disk });
  }
  return found;
}
