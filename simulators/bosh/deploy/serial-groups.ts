import type { PlannedGroup } from "./adopt.ts";

/** Batches of groups, updated one after the other; adjacent groups that are not serial share a batch. */
export function batchGroups(groups: readonly PlannedGroup[]): readonly (readonly PlannedGroup[])[] {
  const batches: PlannedGroup[][] = [];
  let open: PlannedGroup[] | undefined;
  for (const each of groups) {
    if (each.group.update.serial) {
      batches.push([each]);
      open = undefined;
    } else if (open === undefined) batches.push((open = [each]));
    else open.push(each);
  }
  return batches;
}
