import {
  type Actor,
  type NetworkView,
  type PortOps,
  type PortRequest,
  type PortView,
  type ProxiedOps,
  controls,
} from "../../cloud.ts";
import { canSeeNetwork, canSeeSubnet } from "../state/access.ts";
import { EVERYBODY, isSharedWith } from "../state/sharing.ts";
import { requirePort } from "../state/lookup.ts";
import { checkQuota, countOf, quotasOf } from "../state/quotas.ts";
import type { NetworkRow, PortRow, SecurityGroupRow } from "../state/rows.ts";
import { type Neutron, type NeutronState, touch } from "../state/state.ts";
import { conflict, notFound } from "../wire/errors.ts";
import { associate } from "../behaviour/floating-ips.ts";
import { floatingIpForNova, groupForNova } from "./nova-proxy.ts";
import type { FixedIpRequest } from "../behaviour/allocation.ts";
import { setDevice } from "../behaviour/devices.ts";
import { changeAddresses, createPort, deletePort } from "../behaviour/ports.ts";
import { ensureDefaultGroup } from "../behaviour/security-groups.ts";

function portForNova({ slot }: Neutron, port: PortRow): PortView {
  const { networks, groups, floatingIps, floatingByPort } = slot.value;
  const floating = (floatingByPort.get(port.id) ?? []).flatMap((id) => floatingIps.get(id) ?? []);
  return {
    id: port.id,
    networkId: port.networkId,
    networkName: networks.get(port.networkId)?.name ?? "",
    projectId: port.projectId,
    mac: port.mac,
    status: port.status,
    deviceId: port.deviceId,
    fixedIps: port.fixedIps.map(({ subnetId, ip }) => ({ subnetId, ip, version: ip.includes(":") ? 6 : 4 })),
    floatingIps: floating.map(({ address, fixedIp }) => ({ ip: address, fixedIp: fixedIp ?? "" })),
    securityGroups: port.groups.flatMap((id) => groups.get(id)?.name ?? []),
  };
}

const networkForNova = (neutron: Neutron, actor: Actor, row: NetworkRow): NetworkView => ({
  id: row.id,
  name: row.name,
  projectId: row.projectId,
  external: row.external,
  shared: isSharedWith(neutron, row.id, actor.projectId),
  subnets: row.subnets,
  portSecurity: row.portSecurity,
});

/** Gives a port to a server and wires it at once: two changes. */
function touchForWiring(neutron: Neutron, row: PortRow): void {
  touch(neutron, row);
  touch(neutron, row);
}

type Lookups = Pick<
  PortOps,
  "network" | "subnet" | "networksFor" | "externalNetworks" | "port" | "portAt" | "portsOf" | "portsLeft" | "groupIdsOf"
>;

/** Nova's lookups of networks and ports. */
function lookups(neutron: Neutron): Lookups {
  const state = (): NeutronState => neutron.slot.value;
  const port = (id: string): PortView | undefined => {
    const row = state().ports.get(id);
    return row && portForNova(neutron, row);
  };
  return {
    network: (actor, id) => {
      const row = state().networks.get(id);
      return row !== undefined && canSeeNetwork(neutron, actor, row) ? networkForNova(neutron, actor, row) : undefined;
    },
    subnet: (actor, id) => {
      const row = state().subnets.get(id);
      return row !== undefined && canSeeSubnet(neutron, actor, row) ? { id, networkId: row.networkId } : undefined;
    },
    networksFor: (actor) => {
      const internal = [...state().networks.values()].filter(({ external }) => !external);
      const own = internal.filter(({ projectId }) => projectId === actor.projectId);
      const listShared = (): NetworkRow[] => internal.filter(({ id }) => isSharedWith(neutron, id, EVERYBODY));
      return (own.length > 0 ? own : listShared()).map((row) => networkForNova(neutron, actor, row));
    },
    externalNetworks: (actor) =>
      [...state().networks.values()]
        .filter((row) => row.external && canSeeNetwork(neutron, actor, row))
        .map((row) => networkForNova(neutron, actor, row)),
    port,
    portAt: (networkId, ip) => port(state().portByAddress.get(`${networkId}/${ip}`) ?? ""),
    portsOf: (deviceId) => (state().portsByDevice.get(deviceId) ?? []).flatMap((id) => port(id) ?? []),
    portsLeft: (projectId) => {
      const limit = quotasOf(neutron, projectId).port ?? -1;
      return limit < 0 ? Number.POSITIVE_INFINITY : limit - countOf(neutron, projectId, "port");
    },
    groupIdsOf: (portId) => state().ports.get(portId)?.groups ?? [],
  };
}

/** The address that is asked for; `undefined` for one of each version. */
function requestedAddress({ fixedIp, subnetId, more = [] }: PortRequest): readonly FixedIpRequest[] | undefined {
  if (fixedIp === undefined && subnetId === undefined) return more.length === 0 ? undefined : more;
  return [{ ...(fixedIp !== undefined && { ip: fixedIp }), ...(subnetId !== undefined && { subnetId }) }, ...more];
}

function createPortFor(neutron: Neutron, actor: Actor, request: PortRequest): PortView {
  const network = neutron.slot.value.networks.get(request.networkId);
  if (network === undefined) throw notFound("Network", request.networkId);
  checkQuota(neutron, request.projectId, "port");
  const isSecured = network.portSecurity && network.subnets.length > 0;
  const row = createPort(neutron, {
    network,
    projectId: request.projectId,
    name: request.name ?? "",
    fixedIps: requestedAddress(request),
    groups: isSecured ? (request.securityGroupIds ?? [ensureDefaultGroup(neutron, actor.projectId).id]) : [],
    deviceId: request.deviceId,
    deviceOwner: request.deviceOwner,
    hostId: request.hostId,
    portSecurity: network.portSecurity,
  });
  touchForWiring(neutron, row);
  return portForNova(neutron, row);
}

type PortChanges = Pick<PortOps, "create" | "bind" | "unbind" | "setFixedIps" | "setSecurityGroups" | "remove">;

/** Nova's changes to the ports of its servers. A missing port needs no change. */
function portChanges(neutron: Neutron): PortChanges {
  const change = (portId: string, work: (row: PortRow) => void): void => {
    const row = neutron.slot.value.ports.get(portId);
    if (row !== undefined) work(row);
  };
  return {
    create: (actor, request) => createPortFor(neutron, actor, request),
    bind: (portId, to) =>
      change(portId, (row) => {
        setDevice(neutron, row, to.deviceId, to.deviceOwner, to.hostId);
        touchForWiring(neutron, row);
      }),
    unbind: (portId) =>
      change(portId, (row) => {
        setDevice(neutron, row, "", "", "");
        touch(neutron, row);
      }),
    setFixedIps: (portId, requests) =>
      change(portId, (row) => {
        changeAddresses(neutron, row, requests);
        touch(neutron, row);
      }),
    setSecurityGroups: (portId, groupIds) =>
      change(portId, (row) => {
        row.groups = groupIds;
        touch(neutron, row);
      }),
    remove: (portId) => change(portId, (row) => deletePort(neutron, row)),
  };
}

/** The groups of the actor's project, including the default one. */
function groupsFor(neutron: Neutron, actor: Actor): readonly SecurityGroupRow[] {
  ensureDefaultGroup(neutron, actor.projectId);
  return [...neutron.slot.value.groups.values()].filter(({ projectId }) => projectId === actor.projectId);
}

/** @throws Refusal 409 when several groups have the name */
function findGroup(neutron: Neutron, actor: Actor, nameOrId: string): SecurityGroupRow | undefined {
  const matches = groupsFor(neutron, actor).filter(({ id, name }) => name === nameOrId || id === nameOrId);
  if (matches.length > 1)
    throw conflict(
      "NoUniqueMatch",
      `Multiple security_group matches found for name '${nameOrId}', use an ID to be more specific.`,
    );
  return matches[0];
}

/** @throws Refusal 400, 404, 409 */
function associateByAddress(
  neutron: Neutron,
  actor: Actor,
  address: string,
  portId: string | null,
  fixedIp: string | undefined,
): void {
  const row = neutron.slot.value.floatingIps.values().find((each) => each.address === address && controls(actor, each));
  if (row === undefined) throw notFound("FloatingIP", address);
  associate(neutron, actor, row, portId === null ? null : requirePort(neutron, actor, portId), fixedIp);
}

/**
 * Neutron's operations for Nova, and for Designate about floating IPs. `proxied` are the operations behind
 * Nova's old routes.
 */
export function portOperations(neutron: Neutron, proxied: ProxiedOps): PortOps {
  return {
    proxied,
    ...lookups(neutron),
    ...portChanges(neutron),
    securityGroup: (actor, nameOrId) => findGroup(neutron, actor, nameOrId),
    securityGroups: (actor) => groupsFor(neutron, actor).map((group) => groupForNova(neutron, group)),
    floatingIps: (actor) =>
      [...neutron.slot.value.floatingIps.values()]
        .filter(({ projectId }) => projectId === actor.projectId)
        .map((row) => floatingIpForNova(neutron, row)),
    associateFloatingIp: (actor, address, portId, fixedIp) =>
      associateByAddress(neutron, actor, address, portId, fixedIp),
  };
}
