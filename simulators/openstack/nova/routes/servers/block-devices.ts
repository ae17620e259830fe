import type { Refusal } from "../../../refusal.ts";
import type { BootVolume } from "../../behaviour/boot-volumes.ts";
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

/** The volumes that the body asks for; local disks need no record. @throws Refusal 400 */
export function planVolumes(call: NovaCall, wanted: WantedServer): readonly BootVolume[] {
  if (wanted.block_device_mapping !== undefined)
    throw badRequest("not simulated: block_device_mapping; use block_device_mapping_v2");
  const devices = wanted.block_device_mapping_v2 ?? [];
  const isImageRoot = (wanted.imageRef ?? "") !== "";
  const roots = devices.filter(({ boot_index }) => Number(boot_index ?? -1) === 0);
  const isLocalRoot = roots.some(
    (each) => each.source_type === "image" && (each.destination_type ?? "local") === "local",
  );
  if (devices.length > 0 && roots.length + (isImageRoot && !isLocalRoot ? 1 : 0) !== 1) throw badMapping(BOOT_SEQUENCE);
  return devices
    .filter((each) => (each.destination_type ?? (each.source_type === "volume" ? "volume" : "local")) === "volume")
    .map((each) => planVolume(call, each));
}

function planVolume(call: NovaCall, wire: BlockDevice): BootVolume {
  const { volumes, images } = call.nova.cloud;
  const source = wire.source_type ?? "volume";
  const id = wire.uuid ?? "";
  let sizeGb = Number(wire.volume_size ?? 0);
  const isRoot = Number(wire.boot_index ?? -1) === 0;
  const volume = source === "volume" ? volumes.volume(call.actor, id) : undefined;
  if (source === "volume" && volume === undefined) throw badMapping(`failed to get volume ${id}.`);
  if (isRoot && volume?.bootable === false) throw badRequest(`Block Device ${id} is not bootable.`);
  if (source === "image" && images.image(call.actor, id) === undefined) throw badMapping(`failed to get image ${id}.`);
  if (source === "snapshot") {
    const size = volumes.snapshotSizeGb(call.actor, id);
    if (size === undefined) throw badMapping(`failed to get snapshot ${id}.`);
    sizeGb ||= size;
  }
  if ((source === "image" || source === "blank") && sizeGb === 0)
    throw badMapping(
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
