import { setStatus } from "../state/volumes.ts";
import type { CinderCall } from "../wire/request.ts";

/** ms of simulated work. */
export const UPLOAD_MS = 1000;

/** What the fake back end writes into an image, bytes. */
const UPLOAD_BYTES = 1024;

export interface ImageUpload {
  readonly id: string;
  readonly imageId: string;
}

/** The upload has ended: the image has its data, the volume its status again. */
export function endUploadImage(cinder: CinderCall["cinder"], { id, imageId }: ImageUpload): void {
  cinder.cloud.images.activate(imageId, UPLOAD_BYTES);
  const row = cinder.slot.value.volumes.get(id);
  if (row?.status === "uploading") setStatus(cinder, row, row.statusBefore);
}
