import { CINDER_POINTS } from "../faults.ts";
import { type Cinder, recordChange } from "../state/cinder.ts";
import type { VolumeRow } from "../state/rows.ts";
import { snapshotsOf } from "../state/snapshots.ts";
import { removeVolume, setStatus } from "../state/volumes.ts";
import { endDeleteSnapshot } from "./snapshots.ts";

/** ms of simulated work. */
const DELETE_MS = 1500;

/** Turns a volume to `deleting`; it is gone later. */
export function startDeleteVolume(cinder: Cinder, row: VolumeRow): void {
  const { kernel } = cinder.cloud;
  setStatus(cinder, row, "deleting");
  kernel.timer(kernel.work(DELETE_MS), "cinder/deleted", { id: row.id });
}

/** Removes the volume with its snapshots, unless the fault point `cinder:volume.delete` acts. */
export function endDeleteVolume(cinder: Cinder, id: string): void {
  const { kernel } = cinder.cloud;
  const row = cinder.slot.value.volumes.get(id);
  if (row?.status !== "deleting") return;
  const effect = kernel.faults.at(CINDER_POINTS.delete, { id, name: row.name ?? "" });
  if (effect?.kind === "stuck") return;
  if (effect?.kind === "error") return setStatus(cinder, row, "error_deleting");
  for (const snapshot of snapshotsOf(cinder, id)) endDeleteSnapshot(cinder, snapshot.id);
  removeVolume(cinder, row);
  recordChange(cinder, "volume.gone", id);
}
