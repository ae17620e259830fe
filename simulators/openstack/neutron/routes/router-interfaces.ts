import { textIfAny } from "../../schema/index.ts";
import { str } from "../../python/index.ts";
import { bodyJson, type HttpReply, isUuid, json } from "../../../kernel/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { addInterface, type InterfaceFields, removeInterface } from "../behaviour/router-interfaces.ts";
import type { PortRow, RouterRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import { isDictionary } from "../wire/structures.ts";
import { badRequest } from "../wire/errors.ts";
import { requireRow } from "./resource.ts";
import { ROUTERS } from "./routers.ts";

/** @throws Refusal 400 */
function interfaceFields({ request }: RequestContext): InterfaceFields {
  const body = bodyJson(request);
  const { subnet_id, port_id } = body.ok && isDictionary(body.value) ? body.value : {};
  if (subnet_id === undefined && port_id === undefined)
    throw badRequest("router", "Either subnet_id or port_id must be specified.");
  for (const id of [port_id, subnet_id])
    if (id !== undefined && (typeof id !== "string" || !isUuid(id)))
      throw badRequest("router", `'${str(id)}' is not a valid UUID.`);
  return { subnet_id: textIfAny(subnet_id), port_id: textIfAny(port_id) };
}

function interfaceReply(router: RouterRow, port: PortRow): HttpReply {
  const subnets = port.fixedIps.map(({ subnetId }) => subnetId);
  return json(200, {
    id: router.id,
    tenant_id: router.projectId,
    port_id: port.id,
    network_id: port.networkId,
    subnet_id: subnets[0],
    subnet_ids: subnets,
  });
}

/** The router's actions: connecting it to subnets. */
export function interfaceRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  const routerIn = ({ actor, params }: RequestContext): RouterRow =>
    requireRow(neutron, ROUTERS, actor, params.id ?? "");
  return [
    {
      method: "PUT",
      path: "/v2.0/routers/:id/add_router_interface",
      clients: ["openstack"],
      handler: (context) => {
        const router = routerIn(context);
        return interfaceReply(router, addInterface(neutron, context.actor, router, interfaceFields(context)));
      },
    },
    {
      method: "PUT",
      path: "/v2.0/routers/:id/remove_router_interface",
      clients: ["openstack"],
      handler: (context) => {
        const router = routerIn(context);
        return interfaceReply(router, removeInterface(neutron, router, interfaceFields(context)));
      },
    },
  ];
}
