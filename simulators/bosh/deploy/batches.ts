import type { PlannedGroup } from "./adopt.ts";

/** Groups one after the other; neighbours that are not serial go together. */
export function serialBatches(groups: readonly PlannedGroup[]): readonly (readonly PlannedGroup[])[] {
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
