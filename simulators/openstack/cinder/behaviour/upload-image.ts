import type { Cinder } from "../state/cinder.ts";
import type { VolumeRow } from "../state/rows.ts";
import { setStatus } from "../state/volumes.ts";

/** ms of simulated work. */
const UPLOAD_MS = 1000;

/** The size of the image that the fake back end writes, bytes. */
const UPLOAD_BYTES = 1024;

/** A volume that is being copied into an image. */
export interface ImageUpload {
  readonly id: string;
  readonly imageId: string;
}

/** Starts to copy a volume into an image. */
export function startUploadImage(cinder: Cinder, row: VolumeRow, imageId: string): void {
  const { kernel } = cinder.cloud;
  row.statusBefore = row.status;
  setStatus(cinder, row, "uploading");
  const upload: ImageUpload = { id: row.id, imageId };
  kernel.timer(kernel.work(UPLOAD_MS), "cinder/uploaded", upload);
}

/** Gives the image its data, and the volume its old status. */
export function endUploadImage(cinder: Cinder, { id, imageId }: ImageUpload): void {
  cinder.cloud.images.activate(imageId, UPLOAD_BYTES);
  const row = cinder.slot.value.volumes.get(id);
  if (row?.status === "uploading") setStatus(cinder, row, row.statusBefore);
}
