import { Refusal } from "../../../refusal.ts";
import type { BootVolume } from "../../behaviour/boot-volumes.ts";
import type { Flavor } from "../../state/flavor.ts";
import { badRequest } from "../../wire/errors.ts";
import { isTrueWord } from "../../wire/formats.ts";
import type { NovaCall } from "../../wire/request.ts";
import type { BlockDevice, WantedServer } from "../schemas/servers.ts";

/*
 * What POST /servers checks before it answers 202; everything else turns the server to ERROR later. Nothing is 404 here: a missing thing
 * that the body names is a bad request (docs/discoveries/openstack.md, "Failures", row 13).
 */

const badMapping = (why: string): Refusal => badRequest(`Block Device Mapping is Invalid: ${why}`);
const BOOT_SEQUENCE = "Boot sequence for the instance and image/block device mapping combination is not valid.";

/** Checks the form of each device, before anything that it names is looked up. @throws Refusal 400 */
export function checkDevices(wanted: WantedServer): void {
  const devices = wanted.block_device_mapping_v2 ?? [];
  const older = wanted.block_device_mapping ?? [];
  if (older.length > 0 && devices.length > 0)
    throw badRequest("Using different block_device_mapping syntaxes is not allowed in the same request.");
  if (older.length > 0)
    throw new Refusal(501, "notImplemented", "not simulated: block_device_mapping; use block_device_mapping_v2");
  for (const device of devices) checkDevice(device, (wanted.imageRef ?? "") !== "");
}

function checkDevice(device: BlockDevice, hasImage: boolean): void {
  const { source_type: source, destination_type: destination, uuid } = device;
  if (source === "blank" && uuid !== undefined && uuid !== "") throw badMapping("Invalid device UUID.");
  if (source !== "blank" && (uuid === undefined || uuid === "")) throw badMapping("Missing device UUID.");
  if (source === "image" && destination === "local" && !(hasImage && Number(device.boot_index ?? -1) === 0))
    throw badMapping("Mapping image to local is not supported.");
  if ((device.volume_type ?? "") === "") return;
  if (destination === "local")
    throw badMapping("Specifying a volume_type with destination_type=local is not supported.");
  if (source === "volume") throw badMapping("Specifying volume type to existing volume is not supported.");
}

/** Devices for booting are numbered from 0 on. */
function checkBootOrder(devices: readonly BlockDevice[]): void {
  const order = devices
    .map(({ boot_index }) => Number(boot_index ?? -1))
    .filter((index) => index >= 0)
    .sort((a, b) => a - b);
  if (order.length === 0 || order.some((index, at) => index !== at)) throw badMapping(BOOT_SEQUENCE);
}

/** Local disks may be as large as the flavor's. @throws Refusal 400 */
function checkLocalDisks(devices: readonly BlockDevice[], flavor: Flavor): void {
  const blank = devices.filter((each) => each.source_type === "blank" && each.destination_type === "local");
  const swaps = blank.filter(({ guest_format }) => guest_format === "swap");
  const disks = blank.filter((each) => !swaps.includes(each));
  const size = disks.reduce((sum, { volume_size }) => sum + Number(volume_size ?? flavor.ephemeral), 0);
  if (size > flavor.ephemeral)
    throw badRequest(
      "Ephemeral disks requested are larger than the instance type allows. If no size is given in one block device mapping, flavor ephemeral size will be used.",
    );
  if (swaps.length > 1) throw badMapping("More than one swap drive requested.");
  if (Number(swaps[0]?.volume_size ?? 0) > flavor.swap)
    throw badRequest("Swap drive requested is larger than instance type allows.");
}

/** The volumes that the body asks for; local disks need no record. @throws Refusal 400 */
export function planVolumes(call: NovaCall, wanted: WantedServer, flavor: Flavor): readonly BootVolume[] {
  const devices = wanted.block_device_mapping_v2 ?? [];
  if (devices.length === 0) return [];
  const hasImage = (wanted.imageRef ?? "") !== "";
  for (const { source_type, uuid = "" } of devices)
    if (hasImage && source_type === "volume" && call.nova.cloud.volumes.volume(call.actor, uuid) === undefined)
      throw badRequest(`Volume ${uuid} could not be found.`);
  checkBootOrder(devices);
  const volumes = devices
    .filter((each) => (each.destination_type ?? (each.source_type === "volume" ? "volume" : "local")) === "volume")
    .map((each) => planVolume(call, each, hasImage));
  checkLocalDisks(devices, flavor);
  return volumes;
}

function planVolume(call: NovaCall, wire: BlockDevice, hasImage: boolean): BootVolume {
  const { volumes, images } = call.nova.cloud;
  const source = wire.source_type ?? "volume";
  const id = wire.uuid ?? "";
  let sizeGb = Number(wire.volume_size ?? 0);
  const isRoot = Number(wire.boot_index ?? -1) === 0;
  if (wire.volume_type != null && wire.volume_type !== "" && !volumes.hasType(call.actor, wire.volume_type))
    throw badRequest(`Volume type ${wire.volume_type} could not be found.`);
  const volume = source === "volume" ? volumes.volume(call.actor, id) : undefined;
  if (source === "volume" && volume === undefined) throw badMapping(`failed to get volume ${id}.`);
  if (isRoot && !hasImage && volume?.bootable === false) throw badRequest(`Block Device ${id} is not bootable.`);
  if (source === "image" && images.image(call.actor, id) === undefined) throw badMapping(`failed to get image ${id}.`);
  if (source === "snapshot") {
    const size = volumes.snapshotSizeGb(call.actor, id);
    if (size === undefined) throw badMapping(`failed to get snapshot ${id}.`);
    sizeGb ||= size;
  }
  if ((source === "image" || source === "blank") && sizeGb === 0)
    throw badRequest(
      source === "image"
        ? "Images with destination_type 'volume' need to have a non-zero size specified"
        : "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size",
    );
  return {
    source,
    sourceId: id,
    sizeGb,
    isRoot,
    deleteOnTermination: isTrueWord(wire.delete_on_termination ?? false),
    ...(wire.volume_type != null && wire.volume_type !== "" && { volumeType: wire.volume_type }),
    ...(wire.tag !== undefined && { tag: wire.tag }),
    ...(wire.device_name !== undefined && { device: wire.device_name }),
  };
}
