import type { HttpReply } from "../../../../kernel/index.ts";
import type { ImageView } from "../../../cloud.ts";
import type { ValueOf } from "../../../schema/index.ts";
import { startSnapshot } from "../../behaviour/snapshot.ts";
import { startTask } from "../../behaviour/tasks.ts";
import type { Server, VmState } from "../../state/server.ts";
import { HTML_TYPE, ok } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { METADATA, NAME, objectSchema } from "../schemas/parts.ts";
import { ACTION_MS, type ServerActions, withBody } from "./action.ts";

const imageSchema = () => objectSchema({ name: NAME, metadata: METADATA }, ["name"]);
const backupSchema = () =>
  objectSchema(
    {
      name: NAME,
      backup_type: { type: "string" },
      rotation: { type: ["integer", "string"], pattern: "^[0-9]*$", minimum: 0 },
      metadata: METADATA,
    },
    ["name", "backup_type", "rotation"],
  );

interface WantedImage {
  readonly name: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Takes a snapshot: the image exists at once, its data follows. */
function createImage(
  call: NovaCall,
  server: Server,
  wanted: WantedImage,
  properties: Readonly<Record<string, string>> = {},
): HttpReply {
  const { cloud } = call.nova;
  const image = addImage(call, server, wanted, properties);
  if (server.imageId === "") cloud.images.activate(image.id, 0);
  else {
    startTask(call.nova, server, "image_snapshot_pending", ACTION_MS.pause, server.vm);
    startSnapshot(call.nova, image.id);
  }
  if (call.version >= 45) return { ...ok({ image_id: image.id }), status: 202 };
  const location = `${cloud.root("image", call.context.request)}/images/${image.id}`;
  return { status: 202, body: "", headers: { "Content-Type": HTML_TYPE, Location: location } };
}

/** The properties of its server that an image records. */
function imageProperties(call: NovaCall, server: Server): Readonly<Record<string, string>> {
  const { nova, actor } = call;
  return {
    ...nova.cloud.images.find(server.imageId)?.properties,
    ...(server.imageId !== "" && { base_image_ref: server.imageId }),
    owner_user_name: actor.userName,
    owner_project_name: actor.projectName,
    boot_roles: [...actor.roles].reverse().join(","),
    instance_uuid: server.id,
    user_id: actor.userId,
    image_type: "snapshot",
  };
}

/** Adds a queued image of the server. @throws Refusal as Glance */
export function addImage(
  call: NovaCall,
  server: Server,
  { name, metadata }: WantedImage,
  properties: Readonly<Record<string, string>> = {},
): ImageView {
  return call.nova.cloud.images.create(call.actor, {
    name,
    visibility: "private",
    diskFormat: null,
    containerFormat: null,
    minDiskGb: server.imageId === "" ? 0 : server.flavor.disk,
    properties: { ...imageProperties(call, server), ...properties, ...metadata },
  });
}

function createBackup(call: NovaCall, server: Server, body: ValueOf<ReturnType<typeof backupSchema>>): HttpReply {
  return createImage(call, server, body, { image_type: "backup", backup_type: body.backup_type });
}

/** States in which a server has a disk of which an image can be made. */
export const WITH_DISK: readonly VmState[] = ["active", "stopped", "paused", "suspended"];

/** Images of a server's disk. */
export const IMAGE_ACTIONS: ServerActions = {
  createImage: {
    from: WITH_DISK,
    record: "createImage",
    ignoresLock: true,
    ...withBody(imageSchema, (call, server, body) => createImage(call, server, body)),
  },
  createBackup: { from: WITH_DISK, record: "createBackup", ...withBody(backupSchema, createBackup) },
};
