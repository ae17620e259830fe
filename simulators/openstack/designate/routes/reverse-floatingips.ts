import { type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { dropStaleNames, reverseRecordset, setReverseName, unsetReverseName } from "../behaviour/reverse-names.ts";
import type { Designate, RecordSetRow } from "../state/state.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import { description, domain, type ObjectSchema, parseObject, ttl } from "../wire/fields.ts";
import { bodyOf, projectOf, rootOf, type View } from "../wire/request.ts";

const ID = /^([A-Za-z0-9.\-_]{1,100}):([0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})$/;

const CHANGEABLE: ObjectSchema = {
  kind: "floatingip",
  fields: {
    ptrdname: (value, field) => (value === null ? null : domain(value, field)),
    description,
    ttl,
  },
};

type FloatingIp = ReturnType<RequestContext["cloud"]["ports"]["floatingIps"]>[number];

function view(designate: Designate, context: RequestContext, { id, ip }: FloatingIp, given?: RecordSetRow): View {
  const row = given ?? reverseRecordset(designate, id);
  const zone = row && designate.slot.value.zones.get(row.zoneId);
  return {
    id: `${context.cloud.region}:${id}`,
    ptrdname: row?.records[0] ?? null,
    description: row?.description ?? null,
    ttl: row?.ttl ?? zone?.ttl ?? null,
    address: ip,
    status: row?.status ?? null,
    action: row?.action ?? null,
    links: { self: `${rootOf(context)}/reverse/floatingips/${context.cloud.region}:${id}` },
  };
}

/** The floating IPs of the project; only their names are kept. */
function ownFloatingIps(designate: Designate, context: RequestContext): readonly FloatingIp[] {
  const all = context.cloud.ports.floatingIps(context.actor);
  dropStaleNames(designate, projectOf(context), new Set(all.map(({ id }) => id)));
  return all;
}

/** The floating IPs of the project with their names. */
function list(designate: Designate, context: RequestContext): HttpReply {
  const floatingips = ownFloatingIps(designate, context).map((each) => view(designate, context, each));
  return json(200, { floatingips, links: { self: `${rootOf(context)}/reverse/floatingips` } });
}

/** The floating IP of the path. @throws Refusal 400, 404 */
function requireFloatingIp(designate: Designate, context: RequestContext): FloatingIp {
  const { cloud, params } = context;
  const [, region, id] = ID.exec(params.id ?? "") ?? [];
  if (id === undefined)
    throw badRequest("bad_request", `Floating IP ${params.id ?? ""} is not in the format of <region>:<uuid>`);
  const found = region === cloud.region ? ownFloatingIps(designate, context).find((each) => each.id === id) : undefined;
  if (found !== undefined) return found;
  throw new Refusal(
    404,
    "not_found",
    `FloatingIP ${id} in ${region ?? ""} is not associated for project "${projectOf(context)}"`,
  );
}

/** Sets the name, or removes it if it is null. */
function update(designate: Designate, context: RequestContext): HttpReply {
  const floatingIp = requireFloatingIp(designate, context);
  const body = parseObject(bodyOf(context), CHANGEABLE);
  if (typeof body.ptrdname === "string") {
    const row = setReverseName(
      designate,
      { id: floatingIp.id, address: floatingIp.ip, projectId: projectOf(context) },
      {
        ptrdname: body.ptrdname,
        ttl: typeof body.ttl === "number" ? body.ttl : null,
        description: typeof body.description === "string" ? body.description : null,
      },
    );
    return json(202, view(designate, context, floatingIp, row));
  }
  if (body.ptrdname === null) {
    const row = reverseRecordset(designate, floatingIp.id);
    if (row === undefined) throw notFound("not_found", `FloatingIP ${context.params.id ?? ""}`);
    unsetReverseName(designate, row);
  }
  return { status: 202, body: "" };
}

/** `/v2/reverse/floatingips` */
export function reverseFloatingIpRoutes(designate: Designate): readonly OpenStackRoute[] {
  const one = "/v2/reverse/floatingips/:id";
  return [
    { method: "GET", path: "/v2/reverse/floatingips", handler: (context) => list(designate, context) },
    {
      method: "GET",
      path: one,
      handler: (context) => json(200, view(designate, context, requireFloatingIp(designate, context))),
    },
    { method: "PATCH", path: one, clients: ["openstack"], handler: (context) => update(designate, context) },
  ];
}
