import type { Body } from "../../kernel/index.ts";
import { createVm } from "../instances/create-vm.ts";
import { instanceTitle } from "../instances/names.ts";
import { inParallel } from "../tasks/in-parallel.ts";
import { Stage } from "../tasks/stage.ts";
import { replanInstance } from "./replan.ts";
import type { DeployPlan, PlannedGroup } from "./adopt.ts";
import { desiredOf, type DeployRun } from "./run.ts";

const CREATE_VMS_PARALLEL = 5;

/** Makes the VMs that instances of these groups still need: a stage of its own, shown only where there are any. */
export function* createMissingVms(run: DeployRun, plan: DeployPlan, groups: readonly PlannedGroup[]): Body {
  const { director, task } = run;
  const missing = groups.flatMap((group) =>
    group.instances
      .filter((instance) => instance.vm === null && !instance.ignore && desiredOf(run, instance) !== "detached")
      .map((instance) => ({ group, instance })),
  );
  if (missing.length === 0) return;
  const stage = new Stage(director, task, "Creating missing vms", missing.length);
  yield* inParallel(director, missing, CREATE_VMS_PARALLEL, ({ group, instance }) =>
    stage.step(instanceTitle(instance), createVm(director, task, replanInstance(director, plan, group, instance))),
  );
  for (const { instance } of missing) run.created.add(instance.id);
}
