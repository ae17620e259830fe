import type { Actor } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import { requirePort, requireSubnet } from "../state/lookup.ts";
import type { NetworkRow, PortRow, RouterRow } from "../state/rows.ts";
import { type Neutron, touch } from "../state/state.ts";
import { badRequest, conflict, invalid, notFound } from "../wire/errors.ts";
import { isInPrefix, parsePrefix, prefixesOverlap } from "./ip.ts";
import { setDevice } from "./devices.ts";
import { createPort, deletePort } from "./ports.ts";
import { routerHost } from "./schedules.ts";
import { addressesOf, INTERFACE_OWNER, interfacesOf } from "./routers.ts";

/** Names an interface: by subnet, by port, or by both. */
export interface InterfaceFields {
  readonly subnet_id?: string | undefined;
  readonly port_id?: string | undefined;
}

/** Connects the router to a subnet, through a new port or a given one. @throws Refusal 400, 404, 409 */
export function addInterface(neutron: Neutron, actor: Actor, router: RouterRow, fields: InterfaceFields): PortRow {
  const { subnet_id: subnetId, port_id: portId } = fields;
  if (subnetId !== undefined && portId !== undefined)
    throw badRequest("router", "Cannot specify both subnet-id and port-id.");
  const port =
    portId === undefined
      ? createInterface(neutron, actor, router, subnetId ?? "")
      : adoptPort(neutron, actor, router, portId);
  touch(neutron, port);
  if (portId !== undefined) touch(neutron, port);
  touch(neutron, router);
  neutron.cloud.kernel.record("neutron", "router.interface", router.id, { port: port.id });
  return port;
}

/** Checks that the new subnet overlaps none to which the router is connected. @throws Refusal 400 */
function checkNeighbours(neutron: Neutron, router: RouterRow, subnetId: string): void {
  const { subnets } = neutron.slot.value;
  const cidr = subnets.get(subnetId)?.cidr;
  const own = parsePrefix(cidr);
  if (own === undefined) return;
  for (const { subnetId: other } of addressesOf(neutron, router)) {
    if (other === subnetId) throw badRequest("router", `Router already has a port on subnet ${subnetId}.`);
    const prefix = parsePrefix(subnets.get(other)?.cidr);
    if (prefix !== undefined && prefixesOverlap(own, prefix))
      throw badRequest(
        "router",
        `Cidr ${cidr} of subnet ${subnetId} overlaps with cidr ${prefix.text} of subnet ${other}.`,
      );
  }
}

function createInterface(neutron: Neutron, actor: Actor, router: RouterRow, subnetId: string): PortRow {
  const subnet = requireSubnet(neutron, actor, subnetId);
  checkNeighbours(neutron, router, subnet.id);
  if (subnet.gatewayIp === null) throw badRequest("router", "Subnet for router interface must have a gateway IP.");
  return createPort(neutron, {
    network: networkOf(neutron, subnet.networkId),
    projectId: router.projectId,
    name: "",
    fixedIps: [{ subnetId: subnet.id, ip: subnet.gatewayIp }],
    groups: [],
    deviceId: router.id,
    deviceOwner: INTERFACE_OWNER,
    hostId: routerHost(neutron, router),
    portSecurity: false,
  });
}

/** The network of a subnet, which always exists: subnets go with their network. */
function networkOf({ slot }: Neutron, id: string): NetworkRow {
  const network = slot.value.networks.get(id);
  if (network === undefined) throw new Error(`neutron: a subnet without its network ${id}`);
  return network;
}

function adoptPort(neutron: Neutron, actor: Actor, router: RouterRow, portId: string): PortRow {
  const port = requirePort(neutron, actor, portId);
  if (port.deviceId !== "")
    throw conflict(
      "PortInUse",
      `Unable to complete operation on port ${port.id} for network ${port.networkId}. Port already has an attached device ${port.deviceId}.`,
    );
  if (port.fixedIps.length === 0) throw badRequest("router", "Router port must have at least one fixed IP.");
  for (const { subnetId } of port.fixedIps) checkNeighbours(neutron, router, subnetId);
  setDevice(neutron, port, router.id, INTERFACE_OWNER, routerHost(neutron, router));
  return port;
}

/** Disconnects the router from a subnet and deletes the port. @throws Refusal 400, 404, 409 */
export function removeInterface(neutron: Neutron, router: RouterRow, fields: InterfaceFields): PortRow {
  const port = findInterface(neutron, router, fields);
  checkUnused(neutron, router, port);
  deletePort(neutron, port);
  touch(neutron, router);
  return port;
}

const isOnSubnet = ({ fixedIps }: PortRow, id: string | undefined): boolean =>
  fixedIps.some(({ subnetId }) => subnetId === id);

/** @throws Refusal 400, 404 */
function findInterface(neutron: Neutron, router: RouterRow, { subnet_id, port_id }: InterfaceFields): PortRow {
  const ports = interfacesOf(neutron, router.id);
  if (port_id === undefined) {
    const port = ports.find((each) => isOnSubnet(each, subnet_id));
    if (port !== undefined) return port;
    if (!neutron.slot.value.subnets.has(subnet_id ?? "")) throw notFound("Subnet", subnet_id ?? "");
    const message = `Router ${router.id} has no interface on subnet ${subnet_id}`;
    throw new Refusal(404, "RouterInterfaceNotFoundForSubnet", message);
  }
  const port = ports.find(({ id }) => id === port_id);
  if (port === undefined) {
    const message = `Router ${router.id} does not have an interface with id ${port_id}`;
    throw new Refusal(404, "RouterInterfaceNotFound", message);
  }
  if (subnet_id !== undefined && !isOnSubnet(port, subnet_id))
    throw invalid(
      "SubnetMismatchForPort",
      `Subnet on port ${port_id} does not match the requested subnet ${subnet_id}.`,
    );
  return port;
}

/** Checks that neither routes nor floating IPs need the interface. @throws Refusal 409 */
function checkUnused(neutron: Neutron, router: RouterRow, port: PortRow): void {
  for (const { subnetId } of port.fixedIps) {
    const prefix = parsePrefix(neutron.slot.value.subnets.get(subnetId)?.cidr);
    if (prefix !== undefined && router.routes.some(({ nexthop }) => isInPrefix(prefix, nexthop)))
      throw interfaceInUse(router, subnetId, "Route", "routes");
    if (isNeededByFloatingIp(neutron, router, subnetId))
      throw interfaceInUse(router, subnetId, "FloatingIP", "floating IPs");
  }
}

const interfaceInUse = (router: RouterRow, subnetId: string, by: "Route" | "FloatingIP", what: string): Refusal =>
  conflict(
    `RouterInterfaceInUseBy${by}`,
    `Router interface for subnet ${subnetId} on router ${router.id} cannot be deleted, as it is required by one or more ${what}.`,
  );

function isNeededByFloatingIp({ slot }: Neutron, router: RouterRow, subnetId: string): boolean {
  const { floatingIps, ports } = slot.value;
  return floatingIps.values().some(({ routerId, portId, fixedIp }) => {
    const fixedIps = ports.get(portId ?? "")?.fixedIps ?? [];
    return routerId === router.id && fixedIps.some((each) => each.ip === fixedIp && each.subnetId === subnetId);
  });
}
