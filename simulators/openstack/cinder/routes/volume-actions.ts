import { own } from "../../../kernel/index.ts";
import { readBody } from "../wire/body.ts";
import { badRequest } from "../wire/errors.ts";
import type { CinderRoute } from "../wire/route.ts";
import type { VolumeActions } from "./volume-actions/action.ts";
import { ADMIN_ACTIONS } from "./volume-actions/admin.ts";
import { ATTACH_ACTIONS } from "./volume-actions/attach.ts";
import { SIZE_ACTIONS } from "./volume-actions/extend.ts";
import { IMAGE_ACTIONS } from "./volume-actions/image.ts";
import { TYPE_ACTIONS } from "./volume-actions/type.ts";
import { requestedVolume } from "./volumes/require-volume.ts";

const ACTIONS: VolumeActions = {
  ...SIZE_ACTIONS,
  ...ADMIN_ACTIONS,
  ...ATTACH_ACTIONS,
  ...IMAGE_ACTIONS,
  ...TYPE_ACTIONS,
};

export const VOLUME_ACTION_ROUTES: readonly CinderRoute[] = [
  {
    method: "POST",
    path: "/volumes/:id/action",
    clients: ["bosh", "openstack"],
    handler: (call) => {
      const body = readBody(call);
      const [name = ""] = typeof body === "object" && body !== null ? Object.keys(body) : [];
      const action = own(ACTIONS, name);
      if (action === undefined)
        throw badRequest(
          `There is no such action: ${name}. Verify the request body and Content-Type header and try again.`,
        );
      return action(call, requestedVolume(call));
    },
  },
];
