import type { Cinder } from "../state/cinder.ts";
import { addUsage } from "../state/usage.ts";
import { setStatus } from "../state/volumes.ts";

export const EXTEND_MS = 300;

/** An extension under way: sizes in GB. */
export interface VolumeExtension {
  readonly id: string;
  readonly from: number;
  /** What it comes to: `wanted`, or `from` when it fails. */
  readonly to: number;
  readonly wanted: number;
}

export function endExtendVolume(cinder: Cinder, { id, from, to, wanted }: VolumeExtension): void {
  const row = cinder.slot.value.volumes.get(id);
  if (row?.status !== "extending") return;
  const failed = to !== wanted;
  if (failed) addUsage(cinder, row.projectId, { gigabytes: from - wanted });
  row.sizeGb = to;
  setStatus(cinder, row, failed ? "error_extending" : row.statusBefore);
}
