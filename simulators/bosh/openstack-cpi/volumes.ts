import type { Body } from "../../kernel/index.ts";
import { CpiError, type Properties } from "../cpi/cpi.ts";
import { metadataBody } from "./metadata.ts";
import type { CpiProcess } from "./process.ts";
import { ATTACHMENTS, readReply, SERVER_ZONE, SNAPSHOT, VOLUME, VOLUME_STATUS } from "./replies.ts";
import { settle } from "./settle.ts";

const MB_PER_GB = 1024;

const volumePath = (id: string): string => `/v3/{project}/volumes/${id}`;
const attachmentsPath = (serverId: string): string => `/v2.1/servers/${serverId}/os-volume_attachments`;

/** Creates a volume in the zone of a server: whole GB, rounded up. Returns its id. @throws CpiError */
export function* createVolume(
  process: CpiProcess,
  sizeMb: number,
  { type }: Properties,
  serverId: string,
  name: () => string,
): Body<string> {
  const { server } = yield* process.read(SERVER_ZONE, "nova", "GET", `/v2.1/servers/${serverId}`);
  const { volume } = yield* process.read(VOLUME, "cinder", "POST", "/v3/{project}/volumes", {
    volume: {
      name: name(),
      description: "",
      size: Math.ceil(sizeMb / MB_PER_GB),
      ...(type === undefined ? {} : { volume_type: type }),
      availability_zone: server["OS-EXT-AZ:availability_zone"],
    },
  });
  yield* settle(process, "cinder", volumePath(volume.id), "volume", ["available"]);
  return volume.id;
}

/** Device names of volumes; /dev/sdb is the flavor's ephemeral disk. */
const DEVICES = "cdefghijklmnopqrstuvwxyz".split("").map((letter) => `/dev/sd${letter}`);

/** Attaches a volume to a server, unless it is already attached. Returns its device. @throws CpiError */
export function* attachVolume(process: CpiProcess, serverId: string, id: string): Body<string> {
  yield* process.request("nova", "GET", `/v2.1/servers/${serverId}`);
  yield* process.request("cinder", "GET", volumePath(id));
  const { volumeAttachments } = yield* process.read(ATTACHMENTS, "nova", "GET", attachmentsPath(serverId));
  const already = volumeAttachments.find(({ volumeId }) => volumeId === id);
  if (already !== undefined) return already.device;
  yield* process.request("nova", "GET", "/v2.1/flavors/detail");
  const taken = new Set(volumeAttachments.map(({ device }) => device));
  const device = DEVICES.find((each) => !taken.has(each));
  yield* process.request("nova", "POST", attachmentsPath(serverId), { volumeAttachment: { volumeId: id, device } });
  yield* settle(process, "cinder", volumePath(id), "volume", ["in-use"]);
  yield* process.ask("nova", "GET", `/v2.1/servers/${serverId}/metadata/registry_key`);
  return device ?? "";
}

/** Detaches a volume; does nothing if the volume or the server is gone, or they are not attached. @throws CpiError */
export function* detachVolume(process: CpiProcess, serverId: string, id: string): Body {
  const server = yield* process.ask("nova", "GET", `/v2.1/servers/${serverId}`);
  const volume = yield* process.ask("cinder", "GET", volumePath(id));
  if (server.status === 404 || volume.status === 404) return;
  const { volumeAttachments } = yield* process.read(ATTACHMENTS, "nova", "GET", attachmentsPath(serverId));
  if (!volumeAttachments.some(({ volumeId }) => volumeId === id)) return;
  yield* process.request("nova", "DELETE", `${attachmentsPath(serverId)}/${id}`);
  yield* settle(process, "cinder", volumePath(id), "volume", ["available"]);
}

/** Deletes a volume; one that is already gone is not an error. @throws CpiError if it is not available */
export function* deleteVolume(process: CpiProcess, id: string): Body {
  const reply = yield* process.ask("cinder", "GET", volumePath(id));
  if (reply.status === 404) return;
  const { status } = readReply(VOLUME_STATUS, reply.json, "GET volume").volume;
  if (status !== "available") throw new CpiError(`Cannot delete volume '${id}', state is ${status}`);
  yield* process.ask("cinder", "DELETE", volumePath(id));
  yield* settle(process, "cinder", volumePath(id), "volume", ["deleted"]);
}

/** @throws CpiError */
export function* setVolumeMetadata(process: CpiProcess, id: string, values: Readonly<Record<string, string>>): Body {
  yield* process.request("cinder", "GET", volumePath(id));
  yield* process.request("cinder", "POST", `${volumePath(id)}/metadata`, metadataBody(values));
}

/** Whether Cinder knows the volume. */
export function* hasVolume(process: CpiProcess, id: string): Body<boolean> {
  return (yield* process.ask("cinder", "GET", volumePath(id))).status === 200;
}

const snapshotPath = (id: string): string => `/v3/{project}/snapshots/${id}`;

/** Creates a snapshot of a volume, attached or not. Returns its id. @throws CpiError */
export function* createVolumeSnapshot(
  process: CpiProcess,
  volumeId: string,
  values: Readonly<Record<string, string>>,
  name: () => string,
): Body<string> {
  yield* process.request("cinder", "GET", volumePath(volumeId));
  const description = `${values.deployment}/${values.job}/${values.index}`;
  const { snapshot } = yield* process.read(SNAPSHOT, "cinder", "POST", "/v3/{project}/snapshots", {
    snapshot: { volume_id: volumeId, name: name(), description, force: true },
  });
  yield* settle(process, "cinder", snapshotPath(snapshot.id), "snapshot", ["available"]);
  yield* process.request("cinder", "POST", `${snapshotPath(snapshot.id)}/metadata`, metadataBody(values));
  return snapshot.id;
}

/** Deletes a snapshot; one that is already gone is not an error. @throws CpiError */
export function* deleteVolumeSnapshot(process: CpiProcess, id: string): Body {
  const found = yield* process.ask("cinder", "GET", snapshotPath(id));
  if (found.status === 404) return;
  yield* process.ask("cinder", "DELETE", snapshotPath(id));
  yield* settle(process, "cinder", snapshotPath(id), "snapshot", ["deleted"]);
}
