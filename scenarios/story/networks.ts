import type { AddressPlan, Subnet } from "../../simulators/addresses.ts";
import type { OpenStackClient } from "../clients/openstack.ts";
import type { Networks } from "../deployments/cloud-config.ts";
import { addressesOf, type Opening, SECURITY_GROUPS } from "../deployments/security-groups.ts";
import type { Narrate } from "./story.ts";

/** Ids of security groups, by name. */
type GroupIds = Readonly<Record<string, string>>;

/** Ids of the platform's networks and security groups. */
export interface PlatformNetworks extends Networks {
  readonly groups: GroupIds;
}

/** Creates a network with one subnet. Returns the ids of both. */
export async function createNetwork(
  openstack: OpenStackClient,
  name: string,
  { cidr, gateway }: Subnet,
  more: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly networkId: string; readonly subnetId: string }> {
  const networkId = await openstack.create("network", "/networks", "network", { name, ...more });
  const subnet = { network_id: networkId, name, ip_version: 4, cidr, gateway_ip: gateway, enable_dhcp: false };
  return { networkId, subnetId: await openstack.create("network", "/subnets", "subnet", subnet) };
}

/** Finds the network from which floating addresses come. Returns its id. */
export async function findExternalNetwork(openstack: OpenStackClient): Promise<string | undefined> {
  const [external] = await openstack.list("network", "/networks?name=external", "networks");
  return external?.id;
}

function rulesOf(plan: AddressPlan, { port, protocol = "tcp", from }: Opening, ids: GroupIds): readonly object[] {
  const ports = { protocol, port_range_min: port, port_range_max: port };
  const peers = from.flatMap((peer): readonly object[] =>
    typeof peer === "string"
      ? addressesOf(peer, plan).map((cidr) => ({ remote_ip_prefix: cidr }))
      : [{ remote_group_id: ids[peer.group] }],
  );
  return peers.map((peer) => ({ ...ports, ...peer }));
}

/** Creates the groups before their rules, which name other groups. */
async function createGroups(openstack: OpenStackClient, plan: AddressPlan): Promise<GroupIds> {
  const ids: Record<string, string> = {};
  for (const name of Object.keys(SECURITY_GROUPS))
    ids[name] = await openstack.create("network", "/security-groups", "security_group", { name });
  const groups: readonly (readonly [string, readonly Opening[]])[] = Object.entries(SECURITY_GROUPS);
  for (const [name, openings] of groups) {
    for (const rule of openings.flatMap((opening) => rulesOf(plan, opening, ids))) {
      const body = { security_group_id: ids[name], direction: "ingress", ethertype: "IPv4", ...rule };
      await openstack.call("network", "POST", "/security-group-rules", { security_group_rule: body });
    }
  }
  return ids;
}

async function createRouter(openstack: OpenStackClient, subnetIds: readonly string[]): Promise<void> {
  const routerId = await openstack.create("network", "/routers", "router", { name: "platform" });
  for (const subnetId of subnetIds)
    await openstack.call("network", "PUT", `/routers/${routerId}/add_router_interface`, { subnet_id: subnetId });
  await openstack.call("network", "PUT", `/routers/${routerId}`, {
    router: { external_gateway_info: { network_id: await findExternalNetwork(openstack) } },
  });
}

/** The operator of the platform creates its networks, a router that connects them to the outside, and its security groups. */
export async function createNetworks(
  openstack: OpenStackClient,
  plan: AddressPlan,
  narrate: Narrate,
): Promise<PlatformNetworks> {
  const management = await createNetwork(openstack, "management", plan.management);
  const services = await createNetwork(openstack, "service-instances", plan.serviceInstances);
  await createRouter(openstack, [management.subnetId, services.subnetId]);
  const groups = await createGroups(openstack, plan);
  narrate(
    "operator",
    `creates networks management (${plan.management.cidr}) and service-instances (${plan.serviceInstances.cidr}), a router, security groups`,
  );
  return { management: management.networkId, serviceInstances: services.networkId, groups };
}
