import type { HttpReply } from "../../../../kernel/index.ts";
import type { ImageView } from "../../../cloud.ts";
import type { ValueOf } from "../../../schema/index.ts";
import { startTask } from "../../behaviour/tasks.ts";
import { type Extras, extrasOf, type Server } from "../../state/server.ts";
import { badRequest } from "../../wire/errors.ts";
import { shortIpv6 } from "../../wire/formats.ts";
import { ok } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { changedView } from "../../wire/server-view.ts";
import {
  ADDRESSES,
  below,
  BOOLEAN,
  DESCRIPTION,
  DISK_CONFIG,
  METADATA,
  NAME,
  objectSchema,
  PASSWORD,
  since,
} from "../schemas/parts.ts";
import { checkMetadataCount } from "../servers/checks.ts";
import { newPassword } from "../servers/password.ts";
import { ACTION_MS, type ServerActions, setDiskConfig, withBody } from "./action.ts";

const rebuildSchema = (version: number) =>
  objectSchema(
    {
      name: NAME,
      imageRef: { type: "string", format: "uuid" },
      adminPass: PASSWORD,
      metadata: METADATA,
      preserve_ephemeral: BOOLEAN,
      "OS-DCF:diskConfig": DISK_CONFIG,
      ...ADDRESSES,
      ...below(version, 57, { personality: { type: "array" } }),
      ...since(version, 19, { description: DESCRIPTION }),
      ...since(version, 54, { key_name: { type: ["string", "null"], minLength: 1, maxLength: 255 } }),
      ...since(version, 57, { user_data: { type: ["string", "null"], format: "base64", maxLength: 65535 } }),
      ...since(version, 63, { trusted_image_certificates: { type: ["array", "null"] } }),
      ...since(version, 90, { hostname: { type: "string" } }),
    },
    ["imageRef"],
  );
type WantedRebuild = ValueOf<ReturnType<typeof rebuildSchema>>;

/** @throws Refusal 400, 403 */
function requireImage(call: NovaCall, server: Server, { imageRef }: WantedRebuild): ImageView {
  const image = call.nova.cloud.images.image(call.actor, imageRef);
  if (image === undefined) throw badRequest("Cannot find image for rebuild");
  if (image.status !== "active") throw badRequest(`Image ${image.id} is not active.`);
  if (server.imageId === "")
    throw badRequest(
      `Image ${image.id} is unacceptable: Unable to rebuild with a different image for a volume-backed server.`,
    );
  return image;
}

function rebuild(call: NovaCall, server: Server, wanted: WantedRebuild): HttpReply {
  const image = requireImage(call, server, wanted);
  checkMetadataCount(call, server, wanted.metadata ?? {});
  server.imageId = image.id;
  server.name = wanted.name ?? server.name;
  server.metadata = wanted.metadata ?? server.metadata;
  if (wanted.key_name !== undefined) server.keyName = wanted.key_name;
  if (wanted.description !== undefined) server.description = wanted.description;
  setExtras(server, wanted);
  setDiskConfig(server, wanted["OS-DCF:diskConfig"]);
  startTask(call.nova, server, "rebuilding", ACTION_MS.rebuild, server.vm === "stopped" ? "stopped" : "active");
  const shown = rebuiltView(call, server, wanted.adminPass ?? newPassword(call));
  return { ...ok({ server: shown }), status: 202, headers: { Location: `${call.base}/servers/${server.id}` } };
}

/** The answer alone shows the user data. */
function rebuiltView(call: NovaCall, server: Server, adminPass: string): object {
  const { "OS-EXT-SRV-ATTR:user_data": _userData, ...view } = changedView(call, server);
  return {
    ...view,
    adminPass,
    ...(call.version >= 54 && { key_name: server.keyName }),
    ...(call.version >= 57 && { user_data: server.extras?.userData ?? null }),
  };
}

function setExtras(server: Server, wanted: WantedRebuild): void {
  const change: Extras = {
    ...(wanted.accessIPv4 !== undefined && { accessIPv4: wanted.accessIPv4 }),
    ...(wanted.accessIPv6 !== undefined && { accessIPv6: shortIpv6(wanted.accessIPv6) }),
    ...(wanted.user_data != null && { userData: wanted.user_data }),
  };
  if (Object.keys(change).length > 0) Object.assign(extrasOf(server), change);
  if (wanted.user_data === null) delete extrasOf(server).userData;
}

/** Rebuilds a server from an image. */
export const REBUILD_ACTIONS: ServerActions = {
  rebuild: { from: ["active", "stopped", "error"], record: "rebuild", ...withBody(rebuildSchema, rebuild) },
};
