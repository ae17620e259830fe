import type { PortView } from "../cloud.ts";
import { Refusal } from "../refusal.ts";
import { checkState, checkUnlocked, recordAction, unexpected } from "./actions.ts";
import { plugNow, startUnplug } from "./behaviour.ts";
import { badRequest, type Call, checkedBody, conflict, type NovaRoute, nothing, notFound, ok } from "./call.ts";
import { envelope, objectSchema, TAG } from "./schemas.ts";
import { serverOf } from "./servers.ts";
import type { Server } from "./state.ts";

const view = (call: Call, server: Server, port: PortView): object => ({
  net_id: port.networkId,
  port_id: port.id,
  mac_addr: port.mac,
  port_state: port.status,
  fixed_ips: port.fixedIps.map(({ subnetId, ip }) => ({ subnet_id: subnetId, ip_address: ip })),
  ...(call.version >= 70 && { tag: server.nics.find(({ portId }) => portId === port.id)?.tag ?? null }),
});

/** @throws Refusal 404 */
function portOf(call: Call, server: Server): PortView {
  const id = call.params.port ?? "";
  const port = call.nova.cloud.ports.port(id);
  if (port === undefined || port.deviceId !== server.id) throw notFound(`Port id ${id} could not be found.`);
  return port;
}

interface Wanted {
  readonly port_id?: string;
  readonly net_id?: string;
  readonly fixed_ips?: readonly { readonly ip_address: string }[];
  readonly tag?: string;
}

const ID = { type: "string", format: "uuid" } as const;
const bodyFor = (version: number): ReturnType<typeof envelope> =>
  envelope(
    "interfaceAttachment",
    objectSchema({
      net_id: ID,
      port_id: ID,
      fixed_ips: {
        type: "array",
        items: objectSchema({ ip_address: { type: "string", format: "ipv4" } }, ["ip_address"]),
        minItems: 1,
        maxItems: 1,
      },
      ...(version >= 49 && { tag: TAG }),
    }),
  );

/** @throws Refusal 400, 404, 409, 500 */
function checkWanted(call: Call, { port_id: portId, net_id: networkId, fixed_ips: ips }: Wanted): void {
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
    throw unexpected("neutronclient.common.exceptions.NetworkNotFoundClient");
  const address = ips?.[0]?.ip_address;
  if (address !== undefined && ports.portAt(networkId ?? "", address) !== undefined)
    throw conflict(`Fixed IP ${address} is already in use.`);
}

function attach(call: Call): ReturnType<NovaRoute["handler"]> {
  const body = checkedBody(call, {
    type: "object",
    properties: { interfaceAttachment: bodyFor(call.version).properties?.interfaceAttachment ?? {} },
    additionalProperties: false,
  });
  const wanted = (body.interfaceAttachment ?? {}) as Wanted;
  const server = serverOf(call);
  checkWanted(call, wanted);
  checkUnlocked(call, server);
  checkState(server, "attach_interface", ["active", "paused", "stopped"]);
  const networks = call.nova.cloud.ports.networksFor(call.actor);
  const networkId = wanted.net_id ?? (networks.length === 1 ? networks[0]?.id : undefined);
  if (wanted.port_id === undefined && networkId === undefined)
    throw new Refusal(400, "badRequest", "No interfaces could be attached: name a network or a port");
  const nic = plugNow(call.nova, server, {
    ...(wanted.port_id === undefined ? { networkId: networkId ?? "" } : { portId: wanted.port_id }),
    ...(wanted.fixed_ips?.[0] !== undefined && { fixedIp: wanted.fixed_ips[0].ip_address }),
    ...(wanted.tag !== undefined && { tag: wanted.tag }),
  });
  recordAction(call, server, "attach_interface");
  const port = call.nova.cloud.ports.port(nic.portId) as PortView;
  const { tag: _tag, ...shown } = view(call, server, port) as { tag?: unknown };
  return ok({ interfaceAttachment: shown });
}

const path = "/servers/:id/os-interface";

export const INTERFACE_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path,
    clients: ["openstack"],
    handler: (call) => {
      const server = serverOf(call);
      const ports = call.nova.cloud.ports.portsOf(server.id);
      return ok({ interfaceAttachments: ports.map((port) => view(call, server, port)) });
    },
  },
  { method: "POST", path, clients: ["openstack"], handler: attach },
  {
    method: "GET",
    path: `${path}/:port`,
    handler: (call) => {
      const server = serverOf(call);
      return ok({ interfaceAttachment: view(call, server, portOf(call, server)) });
    },
  },
  {
    method: "DELETE",
    path: `${path}/:port`,
    clients: ["openstack"],
    handler: (call) => {
      const server = serverOf(call);
      checkUnlocked(call, server);
      checkState(server, "detach_interface", ["active", "paused", "stopped"]);
      recordAction(call, server, "detach_interface");
      startUnplug(call.nova, server, call.params.port ?? "");
      return nothing(202);
    },
  },
];
