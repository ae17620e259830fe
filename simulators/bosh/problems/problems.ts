import { instanceName, instanceTitle } from "../instances/names.ts";
import type { Disk, Instance } from "../state/deployments.ts";
import { disksOf } from "../state/lookup.ts";
import type { Director } from "../state/director.ts";
import type { Problem } from "../state/problems.ts";
import { INVALID, type ProblemHandler, RESOLUTIONS } from "./resolutions.ts";

/**
 * The chosen resolution can't resolve the problem. It counts as resolved nevertheless: the next scan finds it
 * again.
 */
export class HandlerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "HandlerError";
  }
}

/** A problem in its current state, with its resolutions. */
export interface Diagnosis {
  readonly handler: ProblemHandler;
  readonly description: string;
  readonly group: string;
  /** Undefined if the problem is no longer valid. */
  readonly instance: Instance | undefined;
}

const instanceOf = (director: Director, { deployment, instanceId }: Problem): Instance | undefined =>
  director.slot.value.deployments.get(deployment)?.instances.find(({ id }) => id === instanceId);

/** The subject of a problem now: it may have vanished since the scan. */
export function diagnose(director: Director, problem: Problem): Diagnosis {
  const instance = instanceOf(director, problem);
  const gone = instance === undefined ? "Instance is no longer in the database" : invalidity(problem, instance);
  if (instance === undefined || gone !== undefined) {
    const description = `Problem (${problem.type} ${problem.resourceId}) is no longer valid: ${gone}`;
    return { handler: INVALID, description, group: "unknown job", instance: undefined };
  }
  const description = describeProblem(problem, instance);
  return { handler: RESOLUTIONS[problem.type], description, group: instance.group, instance };
}

/** The reason why a problem has lost its subject. */
function invalidity(problem: Problem, instance: Instance): string | undefined {
  const { vm } = instance;
  if (problem.type === "missing_vm") return undefined;
  if (problem.type === "unresponsive_agent") return vm === null ? "VM '' is no longer in the database" : undefined;
  const disk = diskOf(problem, instance);
  if (disk === undefined) return `Disk '${problem.resourceId}' is no longer in the database`;
  if (problem.type === "inactive_disk")
    return instance.inactiveDisks.includes(disk) ? undefined : `Disk '${disk.cid}' is no longer inactive`;
  if (problem.type === "missing_disk" || vm !== null) return undefined;
  return `Can't find corresponding vm-cid for disk '${disk.cid}'`;
}

/** The disk that a problem is about, if the instance still has it. */
export const diskOf = ({ resourceId }: Problem, instance: Instance): Disk | undefined =>
  disksOf(instance).find(({ row }) => row === resourceId);

/** The VM that the instance has now, which may not be the one of the scan. */
function describeProblem(problem: Problem, instance: Instance): string {
  const { vm } = instance;
  const disk = diskOf(problem, instance);
  const cid = vm === null ? "" : ` with cloud ID '${vm.cid}'`;
  switch (problem.type) {
    case "unresponsive_agent":
      return `VM for '${instanceTitle(instance)}'${cid} is not responding.`;
    case "missing_vm":
      return `VM for '${instanceTitle(instance)}'${cid} missing.`;
    case "missing_disk":
      return `Disk '${disk?.cid}' (${instanceName(instance)}, ${disk?.sizeMb ?? 0}M) is missing`;
    case "inactive_disk":
      return `Disk '${disk?.cid}' (${disk?.sizeMb ?? 0}M) for instance '${instanceTitle(instance)}' is inactive`;
    case "mount_info_mismatch":
      return [
        "Inconsistent mount information:",
        `Record shows that disk '${disk?.cid}' should be mounted on ${vm?.cid}.`,
        "However it is currently :",
        problem.ownerVms.length === 0 ? "\tNot mounted in any VM" : `\tMounted on: ${problem.ownerVms.join(", ")}`,
      ].join("\n");
  }
}

/** The `data` of a problem as the API shows it. */
export const problemData = ({ type, ownerVms }: Problem): object =>
  type === "mount_info_mismatch" ? { owner_vms: ownerVms } : {};

/** The problems of a deployment that are neither resolved nor closed. */
export const openProblems = (director: Director, deployment: string): readonly Problem[] =>
  director.slot.value.problems.filter((each) => each.deployment === deployment && each.state === "open");

/** The number of problems above which resolved and closed ones are forgotten. */
const PROBLEMS_MAX = 10_000;

/** Records a problem of an instance's VM or disk. */
export function openProblem(
  director: Director,
  instance: Instance,
  type: Problem["type"],
  about: { readonly disk?: Disk; readonly ownerVms?: readonly string[] } = {},
): void {
  const state = director.slot.value;
  if (state.problems.length >= PROBLEMS_MAX) state.problems = state.problems.filter((each) => each.state === "open");
  state.problems.push({
    id: ++state.problemIds,
    deployment: instance.deployment,
    type,
    instanceId: instance.id,
    resourceId: about.disk?.row ?? instance.row,
    ownerVms: about.ownerVms ?? [],
    state: "open",
  });
}

/** Closes the problems that earlier scans found, of these instances or of all, since a new scan starts afresh. */
export function closeProblems(director: Director, deployment: string, instances?: readonly Instance[]): void {
  const ids = instances && new Set(instances.map(({ id }) => id));
  for (const problem of openProblems(director, deployment))
    if (ids?.has(problem.instanceId) ?? true) problem.state = "closed";
}
