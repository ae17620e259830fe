import type { HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../common/refusal.ts";
import { refuseUnmodelled } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { Call } from "../wire/request.ts";
import { type NovaRoute, proxyRoute } from "../wire/route.ts";

/** Volumes are Cinder's; whoever has some must ask there. */
const listNone =
  (member: "volumes" | "snapshots") =>
  ({ nova, actor }: Call): HttpReply => {
    if (nova.cloud.volumes.counts(actor)[member] > 0)
      throw new Refusal(501, "notImplemented", `not simulated: ${member} through Nova; ask Cinder`);
    return ok({ [member]: [] });
  };

export const VOLUME_PROXY_ROUTES: readonly NovaRoute[] = [
  proxyRoute("GET", "/os-volumes", listNone("volumes")),
  proxyRoute("GET", "/os-snapshots", listNone("snapshots")),
  proxyRoute("POST", "/os-volumes", refuseUnmodelled("volumes through Nova; ask Cinder")),
  proxyRoute("POST", "/os-snapshots", refuseUnmodelled("snapshots through Nova; ask Cinder")),
];
