import type { Body } from "../../kernel/index.ts";
import { createVm } from "../instances/create-vm.ts";
import { instanceTitle } from "../instances/names.ts";
import { createStandby, prepareStandby } from "../instances/standby.ts";
import type { Instance } from "../state/deployments.ts";
import { inParallel } from "../tasks/in-parallel.ts";
import { Stage } from "../tasks/stage.ts";
import { replanInstance } from "./replan.ts";
import type { DeployPlan, PlannedGroup } from "./adopt.ts";
import { desiredOf, type DeployRun } from "./run.ts";

const CREATE_VMS_PARALLEL = 5;

/**
 * Creates the VMs that instances of these groups still need, and those that will replace others, in one stage
 * that is shown only if there are any.
 */
export function* createMissingVms(run: DeployRun, plan: DeployPlan, groups: readonly PlannedGroup[]): Body {
  const { director, task } = run;
  const missing = groups.flatMap((group) =>
    group.instances
      .filter((instance) => instance.vm === null && !instance.ignore && desiredOf(run, instance) !== "detached")
      .map((instance) => ({ group, instance })),
  );
  const doubled = groups.flatMap((group) =>
    group.instances.filter(({ id }) => group.doubled.has(id)).map((instance) => ({ group, instance })),
  );
  const all = [...missing, ...doubled.filter(({ instance }) => instance.standby === null)];
  if (all.length > 0) {
    const stage = new Stage(director, task, "Creating missing vms", all.length);
    yield* inParallel(director, all, CREATE_VMS_PARALLEL, ({ group, instance }) => {
      const planned = replanInstance(director, plan, group, instance);
      const make = instance.vm === null ? createVm : createStandby;
      return stage.step(instanceTitle(instance), make(director, task, planned));
    });
  }
  for (const { instance } of missing) run.created.add(instance.id);
  yield* downloadPackages(run, doubled);
}

/** Has the agents of second VMs download what they will run, while the first ones still serve. */
function* downloadPackages({ director, task }: DeployRun, doubled: readonly { readonly instance: Instance }[]): Body {
  const stage = new Stage(director, task, "Downloading packages", doubled.length);
  yield* inParallel(director, doubled, CREATE_VMS_PARALLEL, ({ instance }) =>
    stage.step(instanceTitle(instance), prepareStandby(director, instance)),
  );
}
