import { all, type Body } from "../../kernel/index.ts";
import type { DeployPlan, PlannedGroup } from "./adopt.ts";
import type { DeployRun } from "./run.ts";
import { batchGroups } from "./serial-groups.ts";
import { updateGroup } from "./update-group.ts";

/** Updates groups in batches. True if anything was done. */
export function* updateGroups(run: DeployRun, plan: DeployPlan, groups: readonly PlannedGroup[]): Body<boolean> {
  const { kernel } = run.director;
  let isAnyUpdated = false;
  for (const batch of batchGroups(groups)) {
    const work = batch.map((each) => kernel.spawn(`group ${each.group.name}`, updateGroup(run, plan, each)));
    isAnyUpdated = (yield* all(work)).some(Boolean) || isAnyUpdated;
  }
  return isAnyUpdated;
}
