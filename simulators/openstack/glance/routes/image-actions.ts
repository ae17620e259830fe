import type { HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import { type Glance, requireOwnImage, touch } from "../state.ts";
import { refuseBody } from "./metadef-parts.ts";
import { emptyReply } from "../wire/body.ts";

/** Images taken out of use and back (Image API v2, "deactivate image", "reactivate image"). */
export const imageActionRoutes = (glance: Glance): readonly OpenStackRoute[] =>
  bindRoutes(glance, [
    [
      "POST",
      "/v2/images/:id/actions/deactivate",
      (it, context) => setActive(it, context, false),
      { clients: ["openstack"] },
    ],
    [
      "POST",
      "/v2/images/:id/actions/reactivate",
      (it, context) => setActive(it, context, true),
      { clients: ["openstack"] },
    ],
  ]);

function setActive(glance: Glance, context: RequestContext, isActive: boolean): HttpReply {
  refuseBody(context);
  const { actor, params } = context;
  const row = requireOwnImage(glance, actor, params.id ?? "");
  if (row.status !== "active" && row.status !== "deactivated") {
    const verb = isActive ? "reactivate" : "deactivate";
    throw new Refusal(403, "", `Not allowed to ${verb} image in status '${row.status}'`);
  }
  row.status = isActive ? "active" : "deactivated";
  touch(glance, row);
  return emptyReply(204);
}
