import type { Actor, NetworkView, PortOps, PortView } from "../../cloud.ts";
import { associate } from "../routes/floatingips.ts";
import { conflict, type Neutron, notFound, sees, touch } from "../wire/wire.ts";
import { defaultGroup } from "../routes/security-groups.ts";
import { makePort, readdress, releasePort, setDevice } from "./ports.ts";
import { floatingIpView, groupView, proxiedOperations } from "./nova-proxy.ts";
import { checkQuota, countOf, quotasOf } from "../routes/quotas.ts";
import type { GroupRow, NetworkRow, NeutronState, PortRow } from "../state/state.ts";

function viewOf({ slot }: Neutron, port: PortRow): PortView {
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

const networkView = (row: NetworkRow): NetworkView => ({
  id: row.id,
  name: row.name,
  projectId: row.projectId,
  external: row.external,
  shared: row.shared,
  subnets: row.subnets,
  portSecurity: row.portSecurity,
});

/** What Neutron does for Nova. */
export function operations(neutron: Neutron): PortOps {
  const state = (): NeutronState => neutron.slot.value;
  const groupsOf = (actor: Actor): readonly GroupRow[] => {
    defaultGroup(neutron, actor.projectId);
    return [...state().groups.values()].filter(({ projectId }) => projectId === actor.projectId);
  };
  const change = (portId: string, work: (row: PortRow) => void): void => {
    const row = state().ports.get(portId);
    if (row !== undefined) work(row);
  };
  /** Given to a machine, then found wired: two changes. */
  const wired = (row: PortRow): void => {
    touch(neutron, row);
    touch(neutron, row);
  };
  const port = (id: string): PortView | undefined => {
    const row = state().ports.get(id);
    return row && viewOf(neutron, row);
  };
  return {
    proxied: proxiedOperations(neutron),
    port,
    network: (actor, id) => {
      const row = state().networks.get(id);
      return row !== undefined && sees(neutron, actor, row) ? networkView(row) : undefined;
    },
    networksFor: (actor) => {
      const all = [...state().networks.values()].filter(({ external }) => !external);
      const own = all.filter(({ projectId }) => projectId === actor.projectId);
      return (own.length > 0 ? own : all.filter(({ shared }) => shared)).map(networkView);
    },
    securityGroup: (actor, nameOrId) => {
      const found = groupsOf(actor).filter(({ id, name }) => name === nameOrId || id === nameOrId);
      if (found.length > 1)
        throw conflict(
          "NoUniqueMatch",
          `Multiple security_group matches found for name '${nameOrId}', use an ID to be more specific.`,
        );
      return found[0];
    },
    securityGroups: (actor) => groupsOf(actor).map((group) => groupView(neutron, group)),
    groupIdsOf: (portId) => state().ports.get(portId)?.groups ?? [],
    portAt: (networkId, ip) => port(state().portByAddress.get(`${networkId}/${ip}`) ?? ""),
    externalNetworks: (actor) =>
      [...state().networks.values()].filter((row) => row.external && sees(neutron, actor, row)).map(networkView),
    floatingIps: (actor) =>
      [...state().floatingIps.values()]
        .filter(({ projectId }) => projectId === actor.projectId)
        .map((row) => floatingIpView(neutron, row)),
    portsOf: (deviceId) => (state().portsByDevice.get(deviceId) ?? []).flatMap((id) => port(id) ?? []),
    portsLeft: (projectId) => {
      const limit = quotasOf(neutron, projectId).port ?? -1;
      return limit < 0 ? Number.POSITIVE_INFINITY : limit - countOf(neutron, projectId, "port");
    },
    create: (actor, request) => {
      const network = state().networks.get(request.networkId);
      if (network === undefined) throw notFound("Network", request.networkId);
      checkQuota(neutron, request.projectId, "port");
      const isSecured = network.portSecurity && network.subnets.length > 0;
      const made = makePort(neutron, {
        network,
        projectId: request.projectId,
        name: request.name ?? "",
        fixedIps: request.fixedIp === undefined ? undefined : [{ ip: request.fixedIp }],
        groups: isSecured ? (request.securityGroupIds ?? [defaultGroup(neutron, actor.projectId).id]) : [],
        deviceId: request.deviceId,
        deviceOwner: request.deviceOwner,
        hostId: request.hostId,
        portSecurity: network.portSecurity,
      });
      wired(made);
      return viewOf(neutron, made);
    },
    bind: (portId, to) =>
      change(portId, (row) => {
        setDevice(neutron, row, to.deviceId, to.deviceOwner, to.hostId);
        wired(row);
      }),
    unbind: (portId) =>
      change(portId, (row) => {
        setDevice(neutron, row, "", "", "");
        touch(neutron, row);
      }),
    setFixedIps: (portId, wanted) =>
      change(portId, (row) => {
        readdress(neutron, row, wanted);
        touch(neutron, row);
      }),
    remove: (portId) => change(portId, (row) => releasePort(neutron, row)),
    setSecurityGroups: (portId, groupIds) =>
      change(portId, (row) => {
        row.groups = groupIds;
        touch(neutron, row);
      }),
    associateFloatingIp: (actor, address, portId, fixedIp) => {
      const row = [...state().floatingIps.values()].find(
        (each) => each.address === address && (actor.isAdmin || each.projectId === actor.projectId),
      );
      if (row === undefined) throw notFound("FloatingIP", address);
      associate(neutron, actor, row, portId, fixedIp);
    },
  };
}
