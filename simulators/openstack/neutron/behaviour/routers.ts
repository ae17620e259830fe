import type { Actor } from "../../cloud.ts";
import { repr } from "../../python/index.ts";
import { requireNetwork } from "../state/lookup.ts";
import type { FixedIp, HostRoute, NetworkRow, PortRow, RouterRow } from "../state/rows.ts";
import { type Neutron, touch } from "../state/state.ts";
import type { FixedIpFields } from "../wire/structures.ts";
import { badRequest, conflict, invalid } from "../wire/errors.ts";
import { toRequests } from "./allocation.ts";
import { isInPrefix, parsePrefix } from "./ip.ts";
import { createPort, deletePort } from "./ports.ts";
import { routerHost } from "./schedules.ts";

/** The owner of the ports that connect a router to subnets. */
export const INTERFACE_OWNER = "network:router_interface";
const GATEWAY_OWNER = "network:router_gateway";

/** A gateway as a client asks for it. */
export interface GatewayInfo {
  /** Null: no gateway. */
  readonly network_id: string | null;
  readonly enable_snat?: boolean;
  readonly external_fixed_ips?: readonly FixedIpFields[];
}

/** The ports that connect a router to subnets, without its gateway. */
export const interfacesOf = ({ slot }: Neutron, routerId: string): readonly PortRow[] =>
  (slot.value.portsByDevice.get(routerId) ?? [])
    .flatMap((id) => slot.value.ports.get(id) ?? [])
    .filter(({ deviceOwner }) => deviceOwner === INTERFACE_OWNER);

/** Moves the router's gateway to another network, or away. @throws Refusal 400, 404, 409 */
export function setGateway(neutron: Neutron, actor: Actor, row: RouterRow, info: GatewayInfo | null): void {
  const networkId = info?.network_id ?? null;
  const network = networkId === null ? null : requireExternal(neutron, actor, row, networkId);
  if (networkId !== row.gatewayNetworkId) {
    clearGateway(neutron, row);
    if (network !== null) openGateway(neutron, row, network, info?.external_fixed_ips);
  }
  row.enableSnat = info?.enable_snat ?? true;
}

/** @throws Refusal 400, 404 */
function requireExternal(neutron: Neutron, actor: Actor, row: RouterRow, networkId: string): NetworkRow {
  // The real service has already counted the change when it finds no such network.
  if (!neutron.slot.value.networks.has(networkId)) touch(neutron, row);
  const network = requireNetwork(neutron, actor, networkId);
  if (!network.external) throw badRequest("router", `Network ${network.id} is not an external network.`);
  return network;
}

/** Deletes the port of the router's gateway. @throws Refusal 409 while floating IPs need it */
export function clearGateway(neutron: Neutron, row: RouterRow): void {
  const { floatingIps, ports } = neutron.slot.value;
  if (floatingIps.values().some(({ routerId }) => routerId === row.id))
    throw conflict(
      "RouterExternalGatewayInUseByFloatingIp",
      `Gateway cannot be updated for router ${row.id}, since a gateway to external network ${row.gatewayNetworkId} is required by one or more floating IPs.`,
    );
  const port = ports.get(row.gatewayPortId ?? "");
  if (port !== undefined) deletePort(neutron, port);
  Object.assign(row, { gatewayNetworkId: null, gatewayPortId: null });
}

function openGateway(
  neutron: Neutron,
  row: RouterRow,
  network: NetworkRow,
  fixedIps: readonly FixedIpFields[] | undefined,
): void {
  const port = createPort(neutron, {
    network,
    // It belongs to no project, so that it counts against no quota.
    projectId: "",
    name: "",
    fixedIps: toRequests(fixedIps),
    groups: [],
    deviceId: row.id,
    deviceOwner: GATEWAY_OWNER,
    hostId: routerHost(neutron, row),
    portSecurity: false,
  });
  Object.assign(row, { gatewayNetworkId: network.id, gatewayPortId: port.id });
}

/** The addresses of a router on all its subnets. */
export function addressesOf(neutron: Neutron, row: RouterRow): readonly FixedIp[] {
  const gateway = neutron.slot.value.ports.get(row.gatewayPortId ?? "");
  return [...interfacesOf(neutron, row.id), ...(gateway === undefined ? [] : [gateway])].flatMap(
    ({ fixedIps }) => fixedIps,
  );
}

/** Checks that each next hop is on a subnet of the router. @throws Refusal 400 */
export function checkRoutes(neutron: Neutron, row: RouterRow, routes: readonly HostRoute[]): void {
  const prefixes = addressesOf(neutron, row).flatMap(
    ({ subnetId }) => parsePrefix(neutron.slot.value.subnets.get(subnetId)?.cidr) ?? [],
  );
  for (const { nexthop } of routes)
    if (!prefixes.some((prefix) => isInPrefix(prefix, nexthop)))
      throw invalid(
        "InvalidRoutes",
        `Invalid format for routes: ${repr(routes)}, the nexthop is not connected with router`,
      );
}
