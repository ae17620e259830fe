import type { ImageView } from "../../../cloud.ts";
import type { Flavor } from "../../state/flavor.ts";
import { badRequest } from "../../wire/errors.ts";
import type { NovaCall } from "../../wire/request.ts";
import type { WantedServer } from "../schemas/servers.ts";

/** @throws Refusal 400 */
export function requireBootImage(call: NovaCall, wanted: WantedServer): ImageView | undefined {
  const id = wanted.imageRef ?? "";
  if (id === "") {
    if ((wanted.block_device_mapping_v2 ?? []).length === 0) throw badRequest("Missing imageRef attribute");
    return undefined;
  }
  const image = call.nova.cloud.images.image(call.actor, id);
  if (image === undefined) throw badRequest("Can not find requested image");
  return image;
}

const GIB = 1024 ** 3;

/** @throws Refusal 400 */
export function checkImage(image: ImageView | undefined, flavor: Flavor): void {
  if (image === undefined) return;
  if (image.status !== "active") throw badRequest(`Image ${image.id} is not active.`);
  if (flavor.ram < image.minRamMb) throw badRequest("Flavor's memory is too small for requested image.");
  if (flavor.disk === 0) return;
  const disk = `Flavor's disk is too small for requested image. Flavor disk is ${flavor.disk * GIB} bytes, `;
  if (image.sizeBytes > flavor.disk * GIB) throw badRequest(`${disk}image is ${image.sizeBytes} bytes.`);
  if (image.minDiskGb > flavor.disk) throw badRequest(`${disk}minimum size is ${image.minDiskGb * GIB} bytes.`);
}
