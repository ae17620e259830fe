import { CINDER_POINTS } from "../faults.ts";
import type { Cinder } from "../state/cinder.ts";
import type { VolumeRow } from "../state/rows.ts";
import { addUsage } from "../state/usage.ts";
import { setStatus } from "../state/volumes.ts";

/** ms of simulated work. */
const EXTEND_MS = 300;

/** An extension in progress; sizes in GB. */
export interface VolumeExtension {
  readonly id: string;
  readonly from: number;
  /** The resulting size: `wanted`, or `from` if it fails. */
  readonly to: number;
  readonly wanted: number;
}

/** Starts to extend a volume to `wantedGb`, which counts against the quota at once. */
export function startExtendVolume(cinder: Cinder, row: VolumeRow, wantedGb: number): void {
  const { kernel } = cinder.cloud;
  const effect = kernel.faults.at(CINDER_POINTS.extend, { id: row.id, name: row.name ?? "" });
  row.statusBefore = row.status;
  addUsage(cinder, row.projectId, { gigabytes: wantedGb - row.sizeGb });
  setStatus(cinder, row, "extending");
  const to = effect?.kind === "error" ? row.sizeGb : wantedGb;
  const extension: VolumeExtension = { id: row.id, from: row.sizeGb, to, wanted: wantedGb };
  if (effect?.kind !== "stuck") kernel.timer(kernel.work(EXTEND_MS), "cinder/extended", extension);
}

/** Gives the volume its new size, or leaves it the old one in `error_extending`. */
export function endExtendVolume(cinder: Cinder, { id, from, to, wanted }: VolumeExtension): void {
  const row = cinder.slot.value.volumes.get(id);
  if (row?.status !== "extending") return;
  const failed = to !== wanted;
  if (failed) addUsage(cinder, row.projectId, { gigabytes: from - wanted });
  row.sizeGb = to;
  setStatus(cinder, row, failed ? "error_extending" : row.statusBefore);
}
