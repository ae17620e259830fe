import type { Body } from "../../kernel/index.ts";
import { withAudit } from "../events/audit.ts";
import { createVm, metadataOf } from "../instances/create-vm.ts";
import { deleteVm, detachAndDelete } from "../instances/destroy-vm.ts";
import { instanceName, ownerOf, instanceTitle } from "../instances/names.ts";
import { takeSnapshot } from "../instances/snapshots.ts";
import { swapVm } from "../instances/standby.ts";
import { startInstance } from "../instances/start.ts";
import { stopInstance } from "../instances/stop.ts";
import type { Change, Instance } from "../state/deployments.ts";
import { inParallel } from "../tasks/in-parallel.ts";
import { Stage, type StageStep } from "../tasks/stage.ts";
import { checkpoint } from "../tasks/transitions.ts";
import { changesFor, RENEWING, type UpdateRequest, updateRequestFor } from "./changes.ts";
import { resolveAmount, resolveMaxInFlight } from "./read-update.ts";
import { replanInstance } from "./replan.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import type { PlannedInstance } from "./plan-instance.ts";
import type { DeployPlan, PlannedGroup } from "./adopt.ts";
import { removeUnneeded } from "./remove.ts";
import type { DeployRun } from "./run.ts";

/** Removes what a group no longer needs, then updates what has changed, canaries first. True if anything was done. */
export function* updateGroup(run: DeployRun, plan: DeployPlan, planned: PlannedGroup): Body<boolean> {
  const { director, task, args } = run;
  const { group, instances, unneeded } = planned;
  const width = (size: number): number => resolveMaxInFlight(args.maxInFlight ?? group.update.maxInFlight, size);
  if (unneeded.length > 0)
    yield* removeUnneeded(run, unneeded, { parallel: width(unneeded.length), tags: [group.name] });
  const replan = (instance: Instance): PlannedInstance => replanInstance(director, plan, planned, instance);
  const changed = group.errand
    ? instances.filter(({ ignore }) => !ignore && instances.some(({ vm }) => vm !== null))
    : instances.filter((instance) => changesFor(run, replan(instance)).length > 0);
  for (const instance of instances)
    if (!instance.ignore && !changed.includes(instance)) instance.variableSet = plan.variableSet;
  if (changed.length === 0) return unneeded.length > 0;
  const stage = new Stage(director, task, "Updating instance", changed.length, [group.name]);
  const update = (instance: Instance, isCanary: boolean): Body =>
    updateInstance(run, replan(instance), stage, isCanary);
  for (const [at, zone] of batchZones(run, planned, changed).entries()) {
    const maxInFlight = width(zone.length);
    // Only the first zone has canaries.
    const canaries = at === 0 ? Math.max(0, resolveAmount(args.canaries ?? group.update.canaries, zone.length)) : 0;
    yield* inParallel(director, zone.slice(0, canaries), Math.min(canaries, maxInFlight), (each) => update(each, true));
    yield* inParallel(director, zone.slice(canaries), maxInFlight, (each) => update(each, false));
  }
  return true;
}

/** The instances zone by zone; all together in the first deploy of a group that says so. */
function batchZones(
  { deployment }: DeployRun,
  { group }: PlannedGroup,
  instances: readonly Instance[],
): readonly (readonly Instance[])[] {
  if (group.update.zonesInParallel && deployment.manifest === null) return [instances];
  return [...Map.groupBy(instances, ({ az }) => az).values()];
}

function* updateInstance(run: DeployRun, planned: PlannedInstance, stage: Stage, isCanary: boolean): Body {
  const { director, task } = run;
  const { instance } = planned;
  checkpoint(task);
  const changes = changesFor(run, planned);
  const request = updateRequestFor(run, planned);
  const action = actionOf(planned, request);
  const { az } = instance;
  const context = action === "create" ? { az } : action === "update" ? { az, changes } : {};
  const entry = { action, type: "instance", name: instanceName(instance), ...ownerOf(instance), context };
  const label = `${instanceTitle(instance)}${isCanary ? " (canary)" : ""}`;
  const work = stage.follow(label, (step) => convergeInstance(run, planned, changes, request, isCanary, step));
  yield* withAudit(director, task, entry, work);
}

function actionOf({ instance, isNew }: PlannedInstance, { desired, verb }: UpdateRequest): string {
  if (isNew) return "create";
  if (verb === "restart" || verb === "recreate") return verb;
  if (desired !== "started") return "stop";
  return instance.state === "started" ? "update" : "start";
}

/** Stops an instance and brings it to its desired state: with its VM, with a new one, or with none. */
function* convergeInstance(
  run: DeployRun,
  planned: PlannedInstance,
  changes: readonly Change[],
  { desired }: UpdateRequest,
  isCanary: boolean,
  step: StageStep,
): Body {
  const { director, task, args } = run;
  const { instance, group } = planned;
  instance.variableSet = planned.scope.set?.id ?? instance.variableSet;
  if (changes.length > 0 && changes.every((change) => change === "tags" || change === "dns"))
    return yield* updateTags(director, planned);
  const wasStarted = instance.state === "started";
  const isSilent = run.agents.get(instance.id) === "silent";
  instance.clean = false;
  if (wasStarted && instance.vm !== null && !isSilent)
    yield* stopInstance(director, instance, step, skipsDrain(run, group.name));
  instance.state = desired;
  if (desired !== "started") return yield* endStopped(director, task, instance);
  if (!planned.isNew && instance.disk !== null) yield* takeSnapshot(director, instance, true);
  const isVmNew = planned.isNew || run.created.has(instance.id);
  if (instance.standby !== null) yield* swapVm(director, task, instance);
  else if (!isVmNew && instance.vm !== null && changes.some((change) => RENEWING.has(change))) {
    yield* isSilent ? deleteVm(director, task, instance) : detachAndDelete(director, task, instance);
    yield* createVm(director, task, planned);
  }
  const watch = isCanary ? group.update.canaryWatch : group.update.updateWatch;
  const options = { watch, base: wasStarted ? 40 : 0, renewsDisk: args.recreateDisks };
  yield* startInstance(director, task, planned, options, step);
}

const skipsDrain = ({ args: { skipDrain } }: DeployRun, group: string): boolean =>
  skipDrain === "*" || (skipDrain?.split(",").includes(group) ?? false);

function* updateTags(director: Director, { instance, parts, tags }: PlannedInstance): Body {
  if (instance.vm !== null) yield* director.cpi.setVmMetadata(instance.vm.cid, metadataOf(director, instance, tags));
  instance.applied = { ...instance.applied, ...parts };
}

/** A detached instance loses its VM, a stopped one keeps it. */
function* endStopped(director: Director, task: Task, instance: Instance): Body {
  if (instance.state === "detached") yield* detachAndDelete(director, task, instance);
  instance.clean = true;
}
