import type { Body } from "../../kernel/index.ts";
import { withAudit } from "../events/audit.ts";
import { createVm, metadataOf } from "../instances/create-vm.ts";
import { deleteVm, detachAndDelete } from "../instances/destroy-vm.ts";
import { instanceName, ownerOf, instanceTitle } from "../instances/names.ts";
import { takeSnapshot } from "../instances/snapshots.ts";
import { startInstance } from "../instances/start.ts";
import { stopInstance } from "../instances/stop.ts";
import type { DesiredState, Instance } from "../state/deployments.ts";
import { inBatches } from "../tasks/batches.ts";
import { Stage } from "../tasks/stage.ts";
import { checkpoint } from "../tasks/transitions.ts";
import type { changesOf } from "./changes.ts";
import { changesFor, RENEWING, updateRequestFor } from "./changes.ts";
import { resolveAmount } from "./instance-group.ts";
import { planOf } from "./plan-deployed.ts";
import type { PlannedInstance } from "./plan-instance.ts";
import type { DeployPlan, PlannedGroup } from "./plan.ts";
import { removeInstances } from "./remove.ts";
import type { DeployRun } from "./run.ts";

/** Answers whether anything was done. */
export function* updateGroup(run: DeployRun, plan: DeployPlan, planned: PlannedGroup): Body<boolean> {
  const { director, task, deployment, args } = run;
  const { group, instances, unneeded } = planned;
  const maxInFlight = resolveAmount(args.maxInFlight ?? group.update.maxInFlight, instances.length);
  if (unneeded.length > 0) {
    const stage = new Stage(director, task, "Deleting unneeded instances", unneeded.length, [group.name]);
    yield* removeInstances(director, task, deployment, unneeded, stage, { parallel: maxInFlight, force: false });
  }
  const changed = instances.filter((instance) => changesFor(run, planOf(run, plan, planned, instance)).length > 0);
  if (changed.length === 0) return unneeded.length > 0;
  const stage = new Stage(director, task, "Updating instance", changed.length, [group.name]);
  const canaries = resolveAmount(args.canaries ?? group.update.canaries, instances.length);
  const update = (instance: Instance, canary: boolean): Body =>
    updateInstance(run, planOf(run, plan, planned, instance), stage, canary);
  yield* inBatches(director, changed.slice(0, canaries), canaries, (each) => update(each, true));
  yield* inBatches(director, changed.slice(canaries), maxInFlight, (each) => update(each, false));
  return true;
}

function* updateInstance(run: DeployRun, each: PlannedInstance, stage: Stage, canary: boolean): Body {
  const { director, task } = run;
  const { instance } = each;
  checkpoint(task);
  const changes = changesFor(run, each);
  const { desired, verb } = updateRequestFor(run, each);
  const action = actionOf(each, desired, verb);
  const context = action === "create" ? { az: instance.az } : action === "update" ? { az: instance.az, changes } : {};
  const work = convergeInstance(run, each, changes, desired, stage, canary);
  yield* withAudit(
    director,
    task,
    { action, type: "instance", name: instanceName(instance), ...ownerOf(instance), context },
    work,
  );
}

function actionOf({ instance, isNew }: PlannedInstance, desired: DesiredState, verb: string | undefined): string {
  if (isNew) return "create";
  if (verb === "restart" || verb === "recreate") return verb;
  if (desired !== "started") return "stop";
  return instance.state === "started" ? "update" : "start";
}

function* convergeInstance(
  run: DeployRun,
  each: PlannedInstance,
  changes: ReturnType<typeof changesOf>,
  desired: DesiredState,
  stage: Stage,
  canary: boolean,
): Body {
  const step = stage.begin(`${instanceTitle(each.instance)}${canary ? " (canary)" : ""}`);
  try {
    yield* work();
    step.finish();
  } catch (error) {
    step.fail(error);
    throw error;
  }
  function* work(): Body {
    const { director, task, args } = run;
    const { instance, group } = each;
    if (changes.every((change) => change === "tags" || change === "dns")) {
      if (instance.vm !== null) yield* director.cpi.setVmMetadata(instance.vm.cid, metadataOf(director, instance));
      instance.applied = { ...instance.applied, ...each.parts };
      return;
    }
    const wasStarted = instance.state === "started";
    const isVmNew = each.isNew || run.created.has(instance.id);
    instance.clean = false;
    const skipDrain = args.skipDrain === "*" || (args.skipDrain?.split(",").includes(group.name) ?? false);
    const isSilent = run.agents.get(instance.id) === "silent";
    if (wasStarted && instance.vm !== null && !isSilent) yield* stopInstance(director, instance, step, skipDrain);
    instance.state = desired;
    if (desired !== "started") {
      if (desired === "detached") yield* detachAndDelete(director, task, instance);
      instance.clean = true;
      return;
    }
    if (!each.isNew && instance.disk !== null) yield* takeSnapshot(director, instance);
    if (!isVmNew && instance.vm !== null && changes.some((change) => RENEWING.has(change))) {
      yield* isSilent ? deleteVm(director, task, instance) : detachAndDelete(director, task, instance);
      yield* createVm(director, task, each);
    }
    const watch = canary ? group.update.canaryWatch : group.update.updateWatch;
    yield* startInstance(
      director,
      task,
      each,
      { watch, base: wasStarted ? 40 : 0, renewsDisk: args.recreateDisks },
      step,
    );
  }
}
