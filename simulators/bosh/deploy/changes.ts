import type { Change, DesiredState, Instance } from "../state/deployments.ts";
import { fillVariables, scopeIn, VariableError } from "./fill-variables.ts";
import { diskDiffers, namedDisksDiffer, type PlannedInstance } from "./plan-instance.ts";
import { desiredOf, isChosen, type DeployRun } from "./run.ts";

/** What a deploy demands of an instance beyond the manifest. */
export const updateRequestFor = (run: DeployRun, { instance }: PlannedInstance): UpdateRequest =>
  updateRequestOf(run, instance);

/** The same before the rest of its plan is known. */
export function updateRequestOf(run: DeployRun, instance: Instance): UpdateRequest {
  const { args, agents } = run;
  const chosen = args.change !== null && isChosen(args.change, instance);
  const verb = chosen ? args.change?.state : undefined;
  const asked = args.recreate || verb === "recreate";
  const before = args.recreateBeforeMs;
  const isOld = before === null || before > run.director.kernel.nowMs || (instance.vm?.createdMs ?? 0) < before;
  return {
    recreate:
      (asked && isOld && instance.applied?.configuration !== undefined) ||
      (args.fix && agents.get(instance.id) === "silent"),
    agent: agents.get(instance.id) ?? "running",
    desired: desiredOf(run, instance),
    isVmNew: run.created.has(instance.id),
    recreatesDisks: args.recreateDisks,
    verb: verb === "recreate" && !isOld ? undefined : verb,
  };
}

/** Why a deploy must touch an instance; it never touches one that is ignored. */
export function changesFor(run: DeployRun, each: PlannedInstance): ReturnType<typeof changesOf> {
  if (each.instance.ignore) return [];
  checkOldVersions(run, each.instance);
  return changesOf(each, updateRequestFor(run, each));
}

/** The director compares with the values of before: a closed set in which one is missing ends the deploy. @throws DirectorError 540008 */
function checkOldVersions({ director }: DeployRun, { cloudProperties, deployment, variableSet }: Instance): void {
  try {
    fillVariables(director, scopeIn(director, deployment, variableSet), cloudProperties);
  } catch (error) {
    // A value that is no longer available only means that something has changed.
    if (!(error instanceof VariableError)) throw error;
  }
}

/** What a deploy is asked to do besides the manifest. */
export interface UpdateRequest {
  readonly recreate: boolean;
  /** What the agent reported, or that it kept silent. */
  readonly agent: "running" | "stopped" | "failing" | "silent" | "none";
  readonly desired: DesiredState;
  /** Its VM was made by this very deploy. */
  readonly isVmNew: boolean;
  readonly recreatesDisks: boolean;
  readonly verb: string | undefined;
}

const COMPARED: readonly Change[] = [
  "stemcell",
  "env",
  "cloud_properties",
  "network",
  "packages",
  "configuration",
  "job",
  "tags",
];

/** Why an instance must be touched; empty when it needn't be. */
function changesOf({ instance, parts, disk, namedDisks }: PlannedInstance, wishes: UpdateRequest): readonly Change[] {
  const { applied } = instance;
  const changes: Change[] = [];
  if (applied !== null && Object.keys(applied).length > 0) {
    if (!instance.clean) changes.push("dirty");
    for (const change of COMPARED) if (applied[change] !== parts[change]) changes.push(change);
  } else changes.push("dirty");
  if (diskDiffers(instance.disk, disk) || namedDisksDiffer(instance, namedDisks) || wishes.recreatesDisks)
    changes.push("persistent_disk");
  if (wishes.recreate) changes.push("recreate");
  if (isStateWrong(instance, wishes)) changes.push("state");
  return changes;
}

function isStateWrong({ state, vm }: Instance, { desired, agent, verb, isVmNew }: UpdateRequest): boolean {
  if (isVmNew || verb === "restart" || state !== desired) return true;
  if (desired === "detached") return vm !== null;
  return desired === "started" && (vm === null || agent === "failing" || agent === "stopped");
}

/** Changes that need a new VM. */
export const RENEWING: ReadonlySet<Change> = new Set(["recreate", "stemcell", "env", "cloud_properties", "network"]);
