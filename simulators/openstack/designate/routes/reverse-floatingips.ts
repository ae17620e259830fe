import { type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { badRequest, notSimulated } from "../wire/errors.ts";
import { projectOf, rootOf, type View } from "../wire/request.ts";

const ID = /^([A-Za-z0-9.\-_]{1,100}):([0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})$/;

type FloatingIp = ReturnType<RequestContext["cloud"]["ports"]["floatingIps"]>[number];

const view = (context: RequestContext, { id, ip }: FloatingIp): View => ({
  id: `${context.cloud.region}:${id}`,
  ptrdname: null,
  description: null,
  ttl: null,
  address: ip,
  status: null,
  action: null,
  links: { self: `${rootOf(context)}/reverse/floatingips/${context.cloud.region}:${id}` },
});

/** The PTR records of floating IPs: shown without names, as none can be set. */
function list(context: RequestContext): HttpReply {
  const floatingips = context.cloud.ports.floatingIps(context.actor).map((each) => view(context, each));
  return json(200, { floatingips, links: { self: `${rootOf(context)}/reverse/floatingips` } });
}

/** The floating IP of the path. @throws Refusal 400, 404 */
function requireFloatingIp(context: RequestContext): FloatingIp {
  const { cloud, actor, params } = context;
  const [, region, id] = ID.exec(params.id ?? "") ?? [];
  if (id === undefined)
    throw badRequest("bad_request", `Floating IP ${params.id ?? ""} is not in the format of <region>:<uuid>`);
  const found = region === cloud.region ? cloud.ports.floatingIps(actor).find((each) => each.id === id) : undefined;
  if (found !== undefined) return found;
  throw new Refusal(
    404,
    "not_found",
    `FloatingIP ${id} in ${region ?? ""} is not associated for project "${projectOf(context)}"`,
  );
}

function update(context: RequestContext): never {
  requireFloatingIp(context);
  throw notSimulated("names of floating addresses");
}

/** `/v2/reverse/floatingips` */
export const REVERSE_FLOATINGIP_ROUTES: readonly OpenStackRoute[] = [
  { method: "GET", path: "/v2/reverse/floatingips", handler: list },
  {
    method: "GET",
    path: "/v2/reverse/floatingips/:id",
    handler: (context) => json(200, view(context, requireFloatingIp(context))),
  },
  { method: "PATCH", path: "/v2/reverse/floatingips/:id", handler: update },
];
