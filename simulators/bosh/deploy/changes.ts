import type { Change, DesiredState, Instance } from "../state/deployments.ts";
import { fillVariables, scopeIn, VariableError } from "./fill-variables.ts";
import { diskDiffers, namedDisksDiffer, type PlannedInstance } from "./plan-instance.ts";
import { desiredOf, isChosen, type DeployRun } from "./run.ts";

/** The demands that a deploy makes on an instance beyond the manifest. */
export const updateRequestFor = (run: DeployRun, { instance }: PlannedInstance): UpdateRequest =>
  updateRequestOf(run, instance);

/** The same, before the rest of the instance's plan is known. */
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

/**
 * The director compares with the previous values: if one is missing in a closed set, the deploy fails.
 * @throws DirectorError 540008
 */
function checkOldVersions({ director }: DeployRun, { cloudProperties, deployment, variableSet }: Instance): void {
  try {
    fillVariables(director, scopeIn(director, deployment, variableSet), cloudProperties);
  } catch (error) {
    // A value that is no longer available merely counts as a change.
    if (!(error instanceof VariableError)) throw error;
  }
}

/** The caller's demands besides the manifest. */
export interface UpdateRequest {
  readonly recreate: boolean;
  /** The agent's report, or its silence. */
  readonly agent: "running" | "stopped" | "failing" | "silent" | "none";
  readonly desired: DesiredState;
  /** Whether this deploy made its VM. */
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

/** The reasons for which an instance must be touched; empty if there are none. */
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

/** Changes that require a new VM. */
export const RENEWING: ReadonlySet<Change> = new Set(["recreate", "stemcell", "env", "cloud_properties", "network"]);
