import { empty, json } from "../../kernel/index.ts";
import type { Actor } from "../cloud.ts";
import { Refusal } from "../common/refusal.ts";
import type { Context, OpenStackRoute } from "../common/service.ts";
import { isIpv4, overlap, prefixRange, toIp, toNumber } from "./address.ts";
import {
  checkQuota,
  countOf,
  dated,
  type Fields,
  flag,
  fresh,
  list,
  type Neutron,
  notFound,
  owned,
  ownerOf,
  resource,
  sees,
  text,
  touch,
} from "./frame.ts";
import { releasePort } from "./port-rows.ts";
import type { NetworkRow, SubnetRow } from "./state.ts";

/** @throws Refusal 404 */
export function networkOf(neutron: Neutron, actor: Actor, id: string): NetworkRow {
  const network = neutron.slot.value.networks.get(id);
  if (network === undefined || !sees(actor, network)) throw notFound("Network", id);
  return network;
}

function networkView(row: NetworkRow, actor: Actor): Fields {
  return {
    id: row.id,
    name: row.name,
    ...owned(row.projectId),
    admin_state_up: row.adminStateUp,
    mtu: 1450,
    status: "ACTIVE",
    subnets: row.subnets,
    shared: row.shared,
    availability_zone_hints: [],
    availability_zones: [],
    ipv4_address_scope: null,
    ipv6_address_scope: null,
    "router:external": row.external,
    ...(row.external ? { is_default: false } : {}),
    description: row.description,
    port_security_enabled: row.portSecurity,
    l2_adjacency: true,
    dns_domain: "",
    tags: [],
    ...dated(row),
    ...(actor.isAdmin && {
      "provider:network_type": "vxlan",
      "provider:physical_network": null,
      "provider:segmentation_id": row.segmentationId,
    }),
  };
}

function createNetwork(neutron: Neutron, { actor, ...context }: Context): ReturnType<OpenStackRoute["handler"]> {
  const fields = resource({ actor, ...context }, "network");
  const projectId = ownerOf(actor, fields);
  for (const attribute of ["shared", "router:external"]) {
    if (fields[attribute] === true && !actor.isAdmin) {
      throw new Refusal(
        403,
        "PolicyNotAuthorized",
        `(rule:create_network and rule:create_network:${attribute}) is disallowed by policy`,
      );
    }
  }
  const { networks } = neutron.slot.value;
  checkQuota(neutron, projectId, "network", () => countOf(networks.values(), projectId));
  const row: NetworkRow = {
    id: neutron.cloud.uuid("neutron"),
    projectId,
    name: text(fields, "name", ""),
    description: text(fields, "description", ""),
    adminStateUp: flag(fields, "admin_state_up", true),
    shared: flag(fields, "shared", false),
    external: flag(fields, "router:external", false),
    portSecurity: flag(fields, "port_security_enabled", true),
    segmentationId: networks.size + 1,
    subnets: [],
    ...fresh(neutron),
  };
  networks.set(row.id, row);
  neutron.cloud.kernel.record("neutron", "network.create", row.id, { project: projectId, name: row.name });
  return json(201, { network: networkView(row, actor) });
}

function deleteNetwork(neutron: Neutron, { actor, params }: Context): ReturnType<OpenStackRoute["handler"]> {
  const row = networkOf(neutron, actor, params.id ?? "");
  const state = neutron.slot.value;
  const ports = [...state.ports.values()].filter(({ networkId }) => networkId === row.id);
  const users = ports.filter(({ deviceOwner }) => !deviceOwner.startsWith("network:"));
  if (users.length > 0 || ports.length > 0) {
    const ids = ports.map(({ id }) => id).join(", ");
    throw new Refusal(
      409,
      "NetworkInUse",
      `Unable to complete operation on network ${row.id}. There are one or more ports still in use on the network, id for these ports is: ${ids}.`,
    );
  }
  for (const id of row.subnets) state.subnets.delete(id);
  state.networks.delete(row.id);
  neutron.cloud.kernel.record("neutron", "network.delete", row.id);
  return empty(204);
}

/** @throws Refusal 404 */
export function subnetOf(neutron: Neutron, actor: Actor, id: string): SubnetRow {
  const subnet = neutron.slot.value.subnets.get(id);
  const network = subnet && neutron.slot.value.networks.get(subnet.networkId);
  if (subnet === undefined || network === undefined || !sees(actor, network)) throw notFound("Subnet", id);
  return subnet;
}

function subnetView(row: SubnetRow): Fields {
  return {
    id: row.id,
    name: row.name,
    ...owned(row.projectId),
    network_id: row.networkId,
    ip_version: 4,
    subnetpool_id: null,
    enable_dhcp: row.enableDhcp,
    ipv6_ra_mode: null,
    ipv6_address_mode: null,
    gateway_ip: row.gatewayIp,
    cidr: row.cidr,
    allocation_pools: row.pools.map(([first, last]) => ({ start: toIp(first), end: toIp(last) })),
    host_routes: [],
    dns_nameservers: row.dnsNameservers,
    description: row.description,
    service_types: [],
    tags: [],
    ...dated(row),
  };
}

const badSubnet = (message: string): Refusal =>
  new Refusal(400, "InvalidInput", `Invalid input for operation: ${message}`);

function poolsOf(
  fields: Fields,
  first: number,
  last: number,
  gateway: string | null,
): readonly (readonly [number, number])[] {
  const given = fields.allocation_pools as readonly { start: string; end: string }[] | undefined;
  if (given !== undefined) return given.map(({ start, end }) => [toNumber(start), toNumber(end)] as const);
  if (gateway === null) return [[first, last]];
  const at = toNumber(gateway);
  return (
    [
      [first, at - 1],
      [at + 1, last],
    ] as const
  ).filter(([from, to]) => from <= to && from <= last);
}

function createSubnet(neutron: Neutron, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const fields = resource(context, "subnet");
  const network = networkOf(neutron, context.actor, text(fields, "network_id", ""));
  if (fields.ip_version !== 4) throw badSubnet("not simulated: only subnets with ip_version 4");
  if (typeof fields.cidr !== "string")
    throw new Refusal(
      400,
      "BadRequest",
      "Bad subnets request: a subnetpool must be specified in the absence of a cidr.",
    );
  const range = prefixRange(fields.cidr);
  if (range === undefined)
    throw new Refusal(
      400,
      "HTTPBadRequest",
      `Invalid input for cidr. Reason: '${fields.cidr}' is not a valid IP subnet.`,
    );
  const state = neutron.slot.value;
  for (const id of network.subnets) {
    const other = prefixRange(state.subnets.get(id)?.cidr ?? "");
    if (other !== undefined && overlap(range, other))
      throw badSubnet(
        `Requested subnet with cidr: ${fields.cidr} for network: ${network.id} overlaps with another subnet.`,
      );
  }
  const [first, last] = range.bits >= 31 ? [range.first, range.last] : [range.first + 1, range.last - 1];
  const gatewayIp = fields.gateway_ip === null ? null : text(fields, "gateway_ip", toIp(first));
  const pools = poolsOf(fields, first, last, gatewayIp);
  const row: SubnetRow = {
    id: neutron.cloud.uuid("neutron"),
    networkId: network.id,
    projectId: ownerOf(context.actor, fields),
    name: text(fields, "name", ""),
    description: text(fields, "description", ""),
    cidr: `${toIp(range.first)}/${range.bits}`,
    gatewayIp,
    enableDhcp: flag(fields, "enable_dhcp", true),
    dnsNameservers: (fields.dns_nameservers as readonly string[] | undefined)?.filter(isIpv4) ?? [],
    pools,
    lowestFree: pools[0]?.[0] ?? first,
    ...fresh(neutron),
  };
  state.subnets.set(row.id, row);
  network.subnets.push(row.id);
  neutron.cloud.kernel.record("neutron", "subnet.create", row.id, { network: network.id, cidr: row.cidr });
  return json(201, { subnet: subnetView(row) });
}

function deleteSubnet(neutron: Neutron, { actor, params }: Context): ReturnType<OpenStackRoute["handler"]> {
  const row = subnetOf(neutron, actor, params.id ?? "");
  const state = neutron.slot.value;
  const ports = [...state.ports.values()].filter(({ fixedIps }) =>
    fixedIps.some(({ subnetId }) => subnetId === row.id),
  );
  if (ports.some(({ deviceOwner }) => deviceOwner !== "network:dhcp")) {
    throw new Refusal(
      409,
      "SubnetInUse",
      `Unable to complete operation on subnet ${row.id}: One or more ports have an IP allocation from this subnet.`,
    );
  }
  for (const port of ports) releasePort(neutron, port);
  state.subnets.delete(row.id);
  const network = state.networks.get(row.networkId);
  network?.subnets.splice(network.subnets.indexOf(row.id), 1);
  neutron.cloud.kernel.record("neutron", "subnet.delete", row.id);
  return empty(204);
}

export function networkRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  const state = (): Neutron["slot"]["value"] => neutron.slot.value;
  return [
    {
      method: "GET",
      path: "/v2.0/networks",
      handler: (context) =>
        list(
          context,
          "networks",
          [...state().networks.values()]
            .filter((row) => sees(context.actor, row))
            .map((row) => networkView(row, context.actor)),
        ),
    },
    { method: "POST", path: "/v2.0/networks", handler: (context) => createNetwork(neutron, context) },
    {
      method: "GET",
      path: "/v2.0/networks/:id",
      handler: (context) =>
        json(200, { network: networkView(networkOf(neutron, context.actor, context.params.id ?? ""), context.actor) }),
    },
    {
      method: "PUT",
      path: "/v2.0/networks/:id",
      handler: (context) => {
        const fields = resource(context, "network");
        const row = networkOf(neutron, context.actor, context.params.id ?? "");
        row.name = text(fields, "name", row.name);
        row.description = text(fields, "description", row.description);
        row.adminStateUp = flag(fields, "admin_state_up", row.adminStateUp);
        row.portSecurity = flag(fields, "port_security_enabled", row.portSecurity);
        touch(neutron, row);
        return json(200, { network: networkView(row, context.actor) });
      },
    },
    { method: "DELETE", path: "/v2.0/networks/:id", handler: (context) => deleteNetwork(neutron, context) },
    {
      method: "GET",
      path: "/v2.0/subnets",
      handler: (context) =>
        list(
          context,
          "subnets",
          [...state().subnets.values()]
            .filter(({ networkId }) => sees(context.actor, state().networks.get(networkId) as NetworkRow))
            .map(subnetView),
        ),
    },
    { method: "POST", path: "/v2.0/subnets", handler: (context) => createSubnet(neutron, context) },
    {
      method: "GET",
      path: "/v2.0/subnets/:id",
      handler: (context) =>
        json(200, { subnet: subnetView(subnetOf(neutron, context.actor, context.params.id ?? "")) }),
    },
    {
      method: "PUT",
      path: "/v2.0/subnets/:id",
      handler: (context) => {
        const fields = resource(context, "subnet");
        const row = subnetOf(neutron, context.actor, context.params.id ?? "");
        row.name = text(fields, "name", row.name);
        row.description = text(fields, "description", row.description);
        row.enableDhcp = flag(fields, "enable_dhcp", row.enableDhcp);
        if (Array.isArray(fields.dns_nameservers)) row.dnsNameservers = fields.dns_nameservers.map(String);
        touch(neutron, row);
        return json(200, { subnet: subnetView(row) });
      },
    },
    { method: "DELETE", path: "/v2.0/subnets/:id", handler: (context) => deleteSubnet(neutron, context) },
  ];
}
