import type { Cinder } from "./cinder.ts";
import type { SnapshotRow } from "./rows.ts";

export const snapshotsOf = ({ slot }: Cinder, volumeId: string): SnapshotRow[] =>
  [...slot.value.snapshots.values()].filter((row) => row.volumeId === volumeId);
