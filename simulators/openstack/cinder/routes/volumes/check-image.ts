import type { ImageView } from "../../../cloud.ts";
import { badRequest } from "../../wire/errors.ts";

const GIB = 1024 ** 3;

/** Whether a volume of this size holds an image. @throws Refusal 400 */
export function checkImageFits(image: ImageView | undefined, sizeGb: number): void {
  if (image === undefined) return;
  if (image.status !== "active") throw badRequest(`Invalid input received: Image ${image.id} is not active.`);
  const imageGb = Math.ceil(image.sizeBytes / GIB);
  if (imageGb > sizeGb)
    throw badRequest(
      `Invalid input received: Size of specified image ${imageGb}GB is larger than volume size ${sizeGb}GB.`,
    );
  if (image.minDiskGb > sizeGb)
    throw badRequest(
      `Invalid input received: Volume size ${sizeGb}GB cannot be smaller than the image minDisk size ${image.minDiskGb}GB.`,
    );
}
