import type { HttpReply } from "../../../../kernel/index.ts";
import { Refusal } from "../../../common/refusal.ts";
import { startTask } from "../../behaviour/tasks.ts";
import { quotaOf } from "../../state/quotas.ts";
import { type Extras, extrasOf, type Server } from "../../state/server.ts";
import { badRequest } from "../../wire/errors.ts";
import { shortIpv6 } from "../../wire/formats.ts";
import { ok } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { changedView } from "../../wire/server-view.ts";
import { newPassword } from "../servers/password.ts";
import { type ActionBody, type ServerActions, setDiskConfig, ACTION_MS } from "./action.ts";

interface Rebuild {
  readonly imageRef: string;
  readonly name?: string;
  readonly adminPass?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly description?: string | null;
  readonly key_name?: string | null;
  readonly user_data?: string | null;
  readonly accessIPv4?: string;
  readonly accessIPv6?: string;
}

function rebuild(call: NovaCall, server: Server, body: ActionBody): HttpReply {
  const wanted = body as unknown as Rebuild;
  const image = call.nova.cloud.images.image(call.actor, wanted.imageRef);
  if (image === undefined) throw badRequest("Cannot find image for rebuild");
  if (image.status !== "active") throw badRequest(`Image ${image.id} is not active.`);
  if (server.imageId === "")
    throw badRequest(
      `Image ${image.id} is unacceptable: Unable to rebuild with a different image for a volume-backed server.`,
    );
  const limit = quotaOf(call.nova, server.projectId, "metadata_items");
  if (limit >= 0 && Object.keys(wanted.metadata ?? {}).length > limit)
    throw new Refusal(403, "forbidden", `Maximum number of metadata items exceeds ${limit}`);
  server.imageId = image.id;
  server.name = wanted.name ?? server.name;
  server.metadata = wanted.metadata ?? server.metadata;
  if (wanted.key_name !== undefined) server.keyName = wanted.key_name;
  if (wanted.description !== undefined) server.description = wanted.description;
  setExtras(server, wanted);
  setDiskConfig(server, body);
  const end = server.vm === "stopped" ? "stopped" : "active";
  startTask(call.nova, server, "rebuilding", ACTION_MS.rebuild, end);
  const shown = {
    ...changedView(call, server),
    adminPass: wanted.adminPass ?? newPassword(call),
    ...(call.version >= 54 && { key_name: server.keyName }),
    ...(call.version >= 57 && { user_data: server.extras?.userData ?? null }),
  };
  // The user's data stand in the answer once.
  delete (shown as Record<string, unknown>)["OS-EXT-SRV-ATTR:user_data"];
  return { ...ok({ server: shown }), status: 202, headers: { Location: `${call.base}/servers/${server.id}` } };
}

function setExtras(server: Server, wanted: Rebuild): void {
  const change: Extras = {
    ...(wanted.accessIPv4 !== undefined && { accessIPv4: wanted.accessIPv4 }),
    ...(wanted.accessIPv6 !== undefined && { accessIPv6: shortIpv6(wanted.accessIPv6) }),
    ...(wanted.user_data != null && { userData: wanted.user_data }),
  };
  if (Object.keys(change).length > 0) Object.assign(extrasOf(server), change);
  if (wanted.user_data === null) delete extrasOf(server).userData;
}

export const REBUILD_ACTIONS: ServerActions = {
  rebuild: { from: ["active", "stopped", "error"], record: "rebuild", run: rebuild },
};
