import { type HttpReply, own } from "../../../kernel/index.ts";
import { readAction } from "../wire/body.ts";
import { noAction } from "../wire/errors.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";
import type { VolumeActions } from "./volume-actions/action.ts";
import { ADMIN_ACTIONS } from "./volume-actions/admin.ts";
import { ATTACH_ACTIONS } from "./volume-actions/attach.ts";
import { SIZE_ACTIONS } from "./volume-actions/extend.ts";
import { IMAGE_ACTIONS } from "./volume-actions/image.ts";
import { REVERT_ACTIONS } from "./volume-actions/revert.ts";
import { TYPE_ACTIONS } from "./volume-actions/type.ts";
import { requireVolumeOf } from "./volumes/require-volume.ts";

/** Every action of a volume. */
export const VOLUME_ACTIONS: VolumeActions = {
  ...SIZE_ACTIONS,
  ...ADMIN_ACTIONS,
  ...ATTACH_ACTIONS,
  ...IMAGE_ACTIONS,
  ...TYPE_ACTIONS,
  ...REVERT_ACTIONS,
};

/*
 * POST /volumes/{id}/action. Clients use extend, the image metadata, bootable, upload to an image and, as administrators, the resets; reserve,
 * attach and detach are what Nova's older releases called.
 */

function runAction(call: CinderCall): HttpReply {
  const [name] = readAction(call);
  const action = own(VOLUME_ACTIONS, name);
  if (action === undefined) throw noAction(name);
  return action(call, requireVolumeOf(call));
}

/** Routes of the API reference, "Volume actions". */
export const VOLUME_ACTION_ROUTES: readonly CinderRoute[] = [
  { method: "POST", path: "/volumes/:id/action", clients: ["bosh", "openstack"], handler: runAction },
];
