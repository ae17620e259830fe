import { type HttpReply, json } from "../../../kernel/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { refuseUnmodelled, rootOf } from "../wire/request.ts";

/** The PTR records of floating IPs: shown without names, as none can be set. */
function list(context: RequestContext): HttpReply {
  const { cloud, actor } = context;
  const floatingips = cloud.ports.floatingIps(actor).map(({ id, ip }) => ({
    id: `${cloud.region}:${id}`,
    ptrdname: null,
    description: null,
    ttl: null,
    address: ip,
    status: null,
    action: null,
    links: { self: `${rootOf(context)}/reverse/floatingips/${cloud.region}:${id}` },
  }));
  return json(200, { floatingips, links: { self: `${rootOf(context)}/reverse/floatingips` } });
}

/** `/v2/reverse/floatingips` */
export const REVERSE_FLOATINGIP_ROUTES: readonly OpenStackRoute[] = [
  { method: "GET", path: "/v2/reverse/floatingips", handler: list },
  {
    method: "PATCH",
    path: "/v2/reverse/floatingips/:id",
    handler: refuseUnmodelled("names of floating addresses"),
  },
];
