import type { HttpReply } from "../../../../kernel/index.ts";
import type { ImageView } from "../../../cloud.ts";
import { startSnapshot } from "../../behaviour/snapshot.ts";
import { startTask } from "../../behaviour/tasks.ts";
import type { Server, VmState } from "../../state/server.ts";
import { HTML_TYPE, ok } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { type ActionBody, type ServerActions, ACTION_MS } from "./action.ts";

/** A snapshot: the image is there at once, its data later. */
function createImage(
  call: NovaCall,
  server: Server,
  body: ActionBody,
  more: Readonly<Record<string, string>> = {},
): HttpReply {
  const { cloud } = call.nova;
  const image = addImage(call, server, body, more);
  if (server.imageId === "") cloud.images.activate(image.id, 0);
  else {
    startTask(call.nova, server, "image_snapshot_pending", ACTION_MS.pause, server.vm);
    startSnapshot(call.nova, image.id);
  }
  if (call.version >= 45) return { ...ok({ image_id: image.id }), status: 202 };
  const location = `${cloud.root("image", call.context.request)}/images/${image.id}`;
  return { status: 202, body: "", headers: { "Content-Type": HTML_TYPE, Location: location } };
}

/** A queued image of the server. */
export function addImage(
  call: NovaCall,
  server: Server,
  body: ActionBody,
  more: Readonly<Record<string, string>>,
): ImageView {
  const { cloud } = call.nova;
  const { actor } = call;
  const base = cloud.images.find(server.imageId);
  const isVolume = server.imageId === "";
  const properties = {
    ...base?.properties,
    ...(!isVolume && { base_image_ref: server.imageId }),
    owner_user_name: actor.userName,
    owner_project_name: actor.projectName,
    boot_roles: [...actor.roles].reverse().join(","),
    instance_uuid: server.id,
    user_id: actor.userId,
    image_type: "snapshot",
    ...more,
    ...(body.metadata as Record<string, string> | undefined),
  };
  return cloud.images.create(actor, {
    name: String(body.name),
    visibility: "private",
    diskFormat: null,
    containerFormat: null,
    minDiskGb: isVolume ? 0 : server.flavor.disk,
    properties,
  });
}

function createBackup(call: NovaCall, server: Server, body: ActionBody): HttpReply {
  return createImage(call, server, body, { image_type: "backup", backup_type: String(body.backup_type) });
}

/** States from which an image of the disk can be made. */
export const WITH_DISK: readonly VmState[] = ["active", "stopped", "paused", "suspended"];

export const IMAGE_ACTIONS: ServerActions = {
  createImage: { from: WITH_DISK, record: "createImage", ignoresLock: true, run: createImage },
  createBackup: { from: WITH_DISK, record: "createBackup", run: createBackup },
};
