import type { Body } from "../../kernel/index.ts";
import { callAgent, isTimeout } from "../agent/calls.ts";
import { deleteVm, forgetVm } from "../instances/destroy-vm.ts";
import { attachDisk, orphanDisk, orphanInactive } from "../instances/disk.ts";
import type { Deployment, Disk, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Problem } from "../state/problems.ts";
import type { Task } from "../state/tasks.ts";
import { codeOf, messageOf } from "../wire/errors.ts";
import { type Diagnosis, diskOf, HandlerError } from "./problems.ts";
import { recreateInstance } from "./recreate.ts";

/** The task that applies a resolution. */
export interface Repair {
  readonly director: Director;
  readonly task: Task;
  readonly deployment: Deployment;
}

/** Applies a resolution. @throws HandlerError, or whatever its steps throw */
export function* resolveProblem(repair: Repair, problem: Problem, diagnosis: Diagnosis, name: string): Body {
  const { handler, instance } = diagnosis;
  if (!handler.resolutions.some((each) => each.name === name))
    throw new HandlerError(
      `Cannot find '${name}' resolution for 'Bosh::Director::ProblemHandlers::${handler.className}'`,
    );
  if (instance === undefined || name === "ignore") return;
  if (problem.type === "unresponsive_agent") yield* refuseIfAwake(repair.director, instance);
  const disk = diskOf(problem, instance);
  if (disk !== undefined && instance.inactiveDisks.includes(disk)) yield* repairInactive(repair, instance, disk, name);
  else yield* repairInstance(repair, instance, name);
}

/** Puts an inactive disk to use, or gives it up. @throws HandlerError */
function* repairInactive({ director, task }: Repair, instance: Instance, disk: Disk, name: string): Body {
  const isMounted = yield* isDiskMounted(director, instance, disk.cid);
  if (name === "activate_disk") {
    if (!isMounted) throw new HandlerError("Disk is not mounted");
    if (instance.disk !== null) throw new HandlerError("Instance already has an active disk");
    instance.disk = disk;
    instance.inactiveDisks = instance.inactiveDisks.filter((each) => each !== disk);
    return;
  }
  if (isMounted && name === "delete_disk") throw new HandlerError("Disk is currently in use");
  if (instance.vm !== null) yield* tolerate(director.cpi.detachDisk(instance.vm.cid, disk.cid));
  orphanInactive(director, task, instance, disk);
}

/** A disk that is given up anyway need not be attached. */
function* tolerate(work: Body): Body {
  try {
    yield* work;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

/** @throws HandlerError if the agent is silent */
function* isDiskMounted(director: Director, instance: Instance, diskCid: string): Body<boolean> {
  const { vm } = instance;
  if (vm === null) return false;
  try {
    yield* callAgent(director, instance, "list_disk", 1);
  } catch (error) {
    throw isTimeout(error) ? new HandlerError(`VM '${vm.cid}' is not responding`) : error;
  }
  return vm.mountedDisk === diskCid;
}

/** @throws HandlerError when the agent answers again */
function* refuseIfAwake(director: Director, instance: Instance): Body {
  try {
    yield* callAgent(director, instance, "ping", 1);
  } catch (error) {
    if (isTimeout(error)) return;
    throw error;
  }
  throw new HandlerError("Agent is responding now, skipping resolution");
}

function* repairInstance({ director, task, deployment }: Repair, instance: Instance, name: string): Body {
  switch (name) {
    case "reboot_vm":
      return yield* rebootInstance(director, instance);
    case "recreate_vm":
    case "recreate_vm_without_wait":
      return yield* recreateInstance(director, task, deployment, instance, name === "recreate_vm");
    case "delete_vm":
      return yield* deleteVm(director, task, instance);
    case "delete_vm_reference":
      return forgetVm(instance);
    case "delete_disk_reference":
      return yield* forgetDisk(director, task, instance);
    case "reattach_disk":
    case "reattach_disk_and_reboot":
      if (instance.disk !== null) yield* attachDisk(director, task, instance, instance.disk.cid);
      if (name === "reattach_disk_and_reboot") yield* rebootInstance(director, instance);
  }
}

const REBOOT_MS_MAX = 600_000;

/** @throws HandlerError if the agent is still silent afterwards */
function* rebootInstance(director: Director, instance: Instance): Body {
  if (instance.vm === null) return;
  yield* director.cpi.rebootVm(instance.vm.cid);
  try {
    yield* callAgent(director, instance, "ping", 1, director.options.agentWaitMs ?? REBOOT_MS_MAX);
  } catch (error) {
    throw isTimeout(error) ? new HandlerError("Agent still unresponsive after reboot") : error;
  }
}

const ACTION_FAILED = 450001;

/** Gives up a lost disk; its record becomes an orphan. @throws HandlerError if the agent refuses to unmount it */
function* forgetDisk(director: Director, task: Task, instance: Instance): Body {
  const { vm, disk } = instance;
  if (disk === null) return;
  if (vm !== null && (yield* director.cpi.hasVm(vm.cid))) {
    yield* unmountDisk(director, instance, disk.cid);
    yield* director.cpi.detachDisk(vm.cid, disk.cid);
  }
  orphanDisk(director, task, instance);
}

function* unmountDisk(director: Director, instance: Instance, diskCid: string): Body {
  try {
    yield* callAgent(director, instance, "list_disk", 1);
    if (instance.vm?.mountedDisk !== diskCid) return;
    yield* callAgent(director, instance, "unmount_disk", 1);
    instance.vm.mountedDisk = null;
  } catch (error) {
    if (codeOf(error) === ACTION_FAILED) throw new HandlerError(`Cannot unmount disk, ${messageOf(error)}`);
    // An agent may hang because it can't reach the lost disk.
    if (!isTimeout(error)) throw error;
  }
}
