import type { HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { refuseAsUnmodelled } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import { type NovaRoute, proxyRoute } from "../wire/route.ts";

/** Volumes belong to Cinder, so a project with volumes must ask there. */
const listNone =
  (member: "volumes" | "snapshots") =>
  ({ nova, actor }: NovaCall): HttpReply => {
    if (nova.cloud.volumes.counts(actor)[member] > 0)
      throw new Refusal(501, "notImplemented", `not simulated: ${member} through Nova; ask Cinder`);
    return ok({ [member]: [] });
  };

/** Routes of the API reference, "Volume extension (os-volumes, os-snapshots)". Cinder's, until 2.35. */
export const VOLUME_PROXY_ROUTES: readonly NovaRoute[] = [
  proxyRoute("GET", "/os-volumes", listNone("volumes")),
  proxyRoute("GET", "/os-snapshots", listNone("snapshots")),
  proxyRoute("POST", "/os-volumes", refuseAsUnmodelled("volumes through Nova; ask Cinder")),
  proxyRoute("POST", "/os-snapshots", refuseAsUnmodelled("snapshots through Nova; ask Cinder")),
];
