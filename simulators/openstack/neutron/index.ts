import { json, type Service } from "../../kernel/index.ts";
import type { Actor, Cloud, PortOps, PortView } from "../cloud.ts";
import { Refusal } from "../common/refusal.ts";
import { type OpenStackRoute, openStackService } from "../common/service.ts";
import { admitted } from "./admission.ts";
import { associate, floatingIpRoutes } from "./floating-ips.ts";
import { countOf, type Neutron, quotasOf, resource, sees, STYLE } from "./frame.ts";
import { defaultGroup, groupRoutes } from "./groups.ts";
import { networkRoutes } from "./networks.ts";
import { makePort, releasePort, setDevice } from "./port-rows.ts";
import { portRoutes } from "./ports.ts";
import { routerRoutes } from "./routers.ts";
import { type GroupRow, type NetworkRow, type NeutronState, newState, type PortRow } from "./state.ts";

export type { NeutronState } from "./state.ts";

export interface NeutronService {
  readonly service: Service;
  readonly ops: PortOps;
  /** See admission.ts. */
  admitted(source: string, address: string, port: number): boolean | undefined;
  /** For the world's laws; read only. */
  state(): NeutronState;
}

const ALIASES = [
  "address-group",
  "default-subnetpools",
  "dns-integration",
  "external-net",
  "extraroute",
  "net-mtu",
  "port-security",
  "project-id",
  "provider",
  "quotas",
  "router",
  "security-group",
  "standard-attr-revisions",
  "standard-attr-timestamp",
];

const extension = (alias: string): object => ({
  alias,
  name: alias,
  description: alias,
  updated: "2016-01-01T00:00:00-00:00",
  links: [],
});

function miscRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  const quota = (projectId: string): object => ({ quota: quotasOf(neutron, projectId) });
  return [
    {
      method: "GET",
      path: "/",
      open: true,
      handler: ({ request }) =>
        json(200, {
          versions: [{ id: "v2.0", status: "CURRENT", links: [{ rel: "self", href: `${request.origin}/v2.0/` }] }],
        }),
    },
    { method: "GET", path: "/v2.0/extensions", handler: () => json(200, { extensions: ALIASES.map(extension) }) },
    {
      method: "GET",
      path: "/v2.0/extensions/:alias",
      handler: ({ params }) => {
        if (ALIASES.includes(params.alias ?? "")) return json(200, { extension: extension(params.alias ?? "") });
        throw new Refusal(404, "HTTPNotFound", `Extension with alias ${params.alias} does not exist`);
      },
    },
    { method: "GET", path: "/v2.0/quotas/:project", handler: ({ params }) => json(200, quota(params.project ?? "")) },
    { method: "GET", path: "/v2.0/quotas/:project/default", handler: () => json(200, quota("")) },
    {
      method: "PUT",
      path: "/v2.0/quotas/:project",
      handler: (context) => {
        if (!context.actor.isAdmin)
          throw new Refusal(403, "AdminRequired", "User does not have admin privileges: Only admin can set quotas.");
        const project = context.params.project ?? "";
        const known = neutron.slot.value.quotas.get(project) ?? {};
        neutron.slot.value.quotas.set(project, { ...known, ...(resource(context, "quota") as Record<string, number>) });
        return json(200, quota(project));
      },
    },
  ];
}

function viewOf(neutron: Neutron, port: PortRow): PortView {
  const { networks, groups, floatingIps } = neutron.slot.value;
  const floating =
    port.fixedIps.length === 0 ? [] : [...floatingIps.values()].filter(({ portId }) => portId === port.id);
  return {
    id: port.id,
    networkId: port.networkId,
    networkName: networks.get(port.networkId)?.name ?? "",
    projectId: port.projectId,
    mac: port.mac,
    status: port.status,
    deviceId: port.deviceId,
    fixedIps: port.fixedIps.map(({ subnetId, ip }) => ({ subnetId, ip, version: 4 })),
    floatingIps: floating.map(({ address, fixedIp }) => ({ ip: address, fixedIp: fixedIp ?? "" })),
    securityGroups: port.groups.flatMap((id) => groups.get(id)?.name ?? []),
  };
}

function operations(neutron: Neutron): PortOps {
  const state = (): NeutronState => neutron.slot.value;
  const network = (row: NetworkRow): ReturnType<PortOps["networksFor"]>[number] => ({
    id: row.id,
    name: row.name,
    projectId: row.projectId,
    external: row.external,
    shared: row.shared,
    subnets: row.subnets,
    portSecurity: row.portSecurity,
  });
  const groupsOf = (actor: Actor): readonly GroupRow[] => {
    defaultGroup(neutron, actor.projectId);
    return [...state().groups.values()].filter(({ projectId }) => projectId === actor.projectId);
  };
  const change = (portId: string, work: (row: PortRow) => void): void => {
    const row = state().ports.get(portId);
    if (row !== undefined) work(row);
  };
  return {
    network: (actor, id) => {
      const row = state().networks.get(id);
      return row !== undefined && sees(actor, row) ? network(row) : undefined;
    },
    networksFor: (actor) => {
      const all = [...state().networks.values()].filter(({ external }) => !external);
      const own = all.filter(({ projectId }) => projectId === actor.projectId);
      return (own.length > 0 ? own : all.filter(({ shared }) => shared)).map(network);
    },
    securityGroup: (actor, nameOrId) => {
      const found = groupsOf(actor).filter(({ id, name }) => name === nameOrId || id === nameOrId);
      if (found.length > 1) {
        throw new Refusal(
          409,
          "NoUniqueMatch",
          `Multiple security groups found matching '${nameOrId}'. Use an ID to be more specific.`,
        );
      }
      return found[0];
    },
    securityGroups: (actor) => groupsOf(actor),
    port: (id) => {
      const row = state().ports.get(id);
      return row && viewOf(neutron, row);
    },
    portsOf: (deviceId) =>
      (state().portsByDevice.get(deviceId) ?? []).flatMap((id) => {
        const row = state().ports.get(id);
        return row === undefined ? [] : viewOf(neutron, row);
      }),
    portsLeft: (projectId) => {
      const limit = quotasOf(neutron, projectId).port ?? -1;
      return limit < 0 ? Number.POSITIVE_INFINITY : limit - countOf(state().ports.values(), projectId);
    },
    create: (actor, request) => {
      const row = state().networks.get(request.networkId);
      if (row === undefined)
        throw new Refusal(404, "NetworkNotFound", `Network ${request.networkId} could not be found.`);
      const made = makePort(neutron, {
        network: row,
        projectId: request.projectId,
        name: request.name ?? "",
        fixedIps: request.fixedIp === undefined ? undefined : [{ ip: request.fixedIp }],
        groups: request.securityGroupIds ?? [defaultGroup(neutron, actor.projectId).id],
        deviceId: request.deviceId,
        deviceOwner: request.deviceOwner,
        hostId: request.hostId,
        portSecurity: row.portSecurity,
      });
      return viewOf(neutron, made);
    },
    bind: (portId, to) => change(portId, (row) => setDevice(neutron, row, to.deviceId, to.deviceOwner, to.hostId)),
    unbind: (portId) => change(portId, (row) => setDevice(neutron, row, "", "", "")),
    remove: (portId) => change(portId, (row) => releasePort(neutron, row)),
    setSecurityGroups: (portId, groupIds) =>
      change(portId, (row) => {
        row.groups = groupIds;
      }),
    associateFloatingIp: (actor, address, portId, fixedIp) => {
      const row = [...state().floatingIps.values()].find(
        (each) => each.address === address && (actor.isAdmin || each.projectId === actor.projectId),
      );
      if (row === undefined) throw new Refusal(404, "FloatingIPNotFound", `Floating IP ${address} could not be found.`);
      associate(neutron, actor, row, portId, fixedIp);
    },
  };
}

/** Neutron: networks, subnets, ports, routers, floating IPs, security groups; allocation and admission. */
export function createNeutron(cloud: Cloud): NeutronService {
  const neutron: Neutron = { cloud, slot: cloud.kernel.slot("neutron", newState()) };
  const routes = [
    ...miscRoutes(neutron),
    ...networkRoutes(neutron),
    ...portRoutes(neutron),
    ...groupRoutes(neutron),
    ...routerRoutes(neutron),
    ...floatingIpRoutes(neutron),
  ];
  return {
    service: openStackService(cloud, "neutron", STYLE, routes),
    ops: operations(neutron),
    admitted: (source, address, port) => admitted(neutron, source, address, port),
    state: () => neutron.slot.value,
  };
}
