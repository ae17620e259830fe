import type { HttpReply } from "../../../kernel/index.ts";
import type { PortView } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import { type Schema, type ValueOf } from "../../schema/index.ts";
import { attachNic, type BootNic, startDetachNic } from "../behaviour/interfaces.ts";
import { addInstanceAction } from "../state/instance-actions.ts";
import type { Server } from "../state/server.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest, conflict, notFound, unexpectedError } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { objectSchema, since, TAG } from "./schemas/parts.ts";
import { checkState, checkUnlocked } from "./servers/checks.ts";
import { requireServer } from "./servers/require-server.ts";

const view = (port: PortView): object => ({
  net_id: port.networkId,
  port_id: port.id,
  mac_addr: port.mac,
  port_state: port.status,
  fixed_ips: port.fixedIps.map(({ subnetId, ip }) => ({ subnet_id: subnetId, ip_address: ip })),
});

/** @throws Refusal 404 */
function requirePort(call: NovaCall, server: Server): PortView {
  const id = call.params.port ?? "";
  const port = call.nova.cloud.ports.port(id);
  if (port === undefined || port.deviceId !== server.id) throw notFound(`Port id ${id} could not be found.`);
  return port;
}

const ID = { type: "string", format: "uuid" } as const;
const FIXED_IPS = {
  type: "array",
  items: objectSchema({ ip_address: { type: "string", format: "ipv4" } }, ["ip_address"]),
  minItems: 1,
  maxItems: 1,
} as const satisfies Schema;

const interfaceSchema = (version: number) =>
  objectSchema({ net_id: ID, port_id: ID, fixed_ips: FIXED_IPS, ...since(version, 49, { tag: TAG }) });

type WantedInterface = ValueOf<ReturnType<typeof interfaceSchema>>;

/** @throws Refusal 400, 404, 409, 500 */
function checkWanted(call: NovaCall, { port_id: portId, net_id: networkId, fixed_ips: ips }: WantedInterface): void {
  const { ports } = call.nova.cloud;
  if (networkId !== undefined && portId !== undefined) throw badRequest("Must not input both network_id and port_id");
  if (ips !== undefined && networkId === undefined) throw badRequest("Must input network_id when request IP address");
  if (portId !== undefined) {
    const port = ports.port(portId);
    if (port === undefined || port.projectId !== call.actor.projectId)
      throw notFound(`Port id ${portId} could not be found.`);
    if (port.deviceId !== "") throw conflict(`Port ${portId} is still in use.`);
  }
  if (networkId !== undefined && ports.network(call.actor, networkId) === undefined)
    throw unexpectedError("neutronclient.common.exceptions.NetworkNotFoundClient");
  const address = ips?.[0]?.ip_address;
  if (address !== undefined && ports.portAt(networkId ?? "", address) !== undefined)
    throw conflict(`Fixed IP ${address} is already in use.`);
}

/** The named port or network, else the only network there is. @throws Refusal 400 */
function planNic(call: NovaCall, { port_id: portId, net_id: netId, fixed_ips: ips, tag }: WantedInterface): BootNic {
  const networks = call.nova.cloud.ports.networksFor(call.actor);
  const networkId = netId ?? (networks.length === 1 ? networks[0]?.id : undefined);
  if (portId === undefined && networkId === undefined)
    throw new Refusal(400, "badRequest", "No interfaces could be attached: name a network or a port");
  return {
    ...(portId === undefined ? { networkId: networkId ?? "" } : { portId }),
    ...(ips?.[0] !== undefined && { fixedIp: ips[0].ip_address }),
    ...(tag !== undefined && { tag }),
  };
}

function attach(call: NovaCall): HttpReply {
  const wanted =
    requireBody(call, objectSchema({ interfaceAttachment: interfaceSchema(call.version) })).interfaceAttachment ?? {};
  const server = requireServer(call);
  checkWanted(call, wanted);
  checkUnlocked(call, server);
  checkState(server, "attach_interface", ["active", "paused", "stopped"]);
  const nic = attachNic(call.nova, server, planNic(call, wanted));
  addInstanceAction(call, server, "attach_interface");
  const port = call.nova.cloud.ports.port(nic.portId);
  if (port === undefined) throw new Error(`nova: port ${nic.portId} is gone as soon as it is attached`);
  return ok({ interfaceAttachment: view(port) });
}

function detach(call: NovaCall): HttpReply {
  const server = requireServer(call);
  checkUnlocked(call, server);
  checkState(server, "detach_interface", ["active", "paused", "stopped"]);
  addInstanceAction(call, server, "detach_interface");
  startDetachNic(call.nova, server, call.params.port ?? "");
  return emptyReply(202);
}

const listedView = (call: NovaCall, server: Server, port: PortView): object => ({
  ...view(port),
  ...(call.version >= 70 && { tag: server.nics.find(({ portId }) => portId === port.id)?.tag ?? null }),
});

const path = "/servers/:id/os-interface";

/** Routes of the API reference, "Port interfaces (os-interface)". */
export const PORT_INTERFACE_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path,
    clients: ["openstack"],
    handler: (call) => {
      const server = requireServer(call);
      const ports = call.nova.cloud.ports.portsOf(server.id);
      return ok({ interfaceAttachments: ports.map((port) => listedView(call, server, port)) });
    },
  },
  { method: "POST", path, clients: ["openstack"], handler: attach },
  {
    method: "GET",
    path: `${path}/:port`,
    handler: (call) => {
      const server = requireServer(call);
      return ok({ interfaceAttachment: listedView(call, server, requirePort(call, server)) });
    },
  },
  {
    method: "DELETE",
    path: `${path}/:port`,
    clients: ["openstack"],
    handler: detach,
  },
];
