import type { ImageView } from "../../cloud.ts";
import { type Cinder, recordChange } from "../state/cinder.ts";
import type { VolumeRow } from "../state/rows.ts";
import { setStatus } from "../state/volumes.ts";
import { imageMetadataOf } from "./create-volume.ts";

/** ms of simulated work. */
const REIMAGE_MS = 3000;

/** How the volume is once another image is on it. */
export interface Reimaging {
  readonly id: string;
  /** The status to go back to: an error is gone, a reservation stays. */
  readonly status: string;
  readonly imageMetadata: Readonly<Record<string, string>>;
}

/** Starts to write an image over the data of a volume. */
export function startReimage(cinder: Cinder, row: VolumeRow, image: ImageView): void {
  const { kernel } = cinder.cloud;
  const status = row.status === "reserved" ? "reserved" : "available";
  setStatus(cinder, row, "downloading");
  recordChange(cinder, "volume.reimage", row.id, { image: image.id });
  const end: Reimaging = { id: row.id, status, imageMetadata: imageMetadataOf(image) };
  kernel.timer(kernel.work(REIMAGE_MS), "cinder/reimaged", end);
}

/** The image is on the volume, unless it is gone or has been reset meanwhile. */
export function endReimage(cinder: Cinder, { id, status, imageMetadata }: Reimaging): void {
  const row = cinder.slot.value.volumes.get(id);
  if (row?.status !== "downloading") return;
  Object.assign(row, { imageMetadata, bootable: true });
  setStatus(cinder, row, status);
}
