import { isObject } from "../../../kernel/index.ts";
import type { Actor } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import type { Octavia } from "../state/state.ts";
import { badRequest, notFound } from "../wire/errors.ts";
import type { Values } from "../wire/values.ts";

/** Where a load balancer takes its traffic. */
type Vip = Pick<Values, "vip_address" | "vip_network_id" | "vip_port_id" | "vip_subnet_id" | "additional_vips">;

/** The address of a given port. @throws Refusal 404 */
function vipOfPort({ cloud }: Octavia, portId: string): Vip {
  const port = cloud.ports.port(portId);
  const [fixed, ...others] = port?.fixedIps ?? [];
  if (port === undefined || fixed === undefined) throw notFound("Port", portId);
  return {
    vip_address: fixed.ip,
    vip_network_id: port.networkId,
    vip_port_id: port.id,
    vip_subnet_id: fixed.subnetId,
    additional_vips: others.map(({ subnetId, ip }) => ({ subnet_id: subnetId, ip_address: ip })),
  };
}

/** The addresses beside the first, each of another subnet of the same network. @throws Refusal 400, 404 */
function moreAddresses(
  { cloud }: Octavia,
  actor: Actor,
  networkId: string,
  wanted: unknown,
): readonly { readonly subnetId: string; readonly ip?: string }[] {
  const vips: readonly unknown[] = Array.isArray(wanted) ? wanted : [];
  return vips.filter(isObject).map(({ subnet_id: id, ip_address: ip }) => {
    const subnet = cloud.ports.subnet(actor, String(id));
    if (subnet === undefined) throw notFound("Subnet", String(id));
    if (subnet.networkId !== networkId)
      throw badRequest("All additional VIP subnets must belong to the same network as the primary VIP.");
    return { subnetId: subnet.id, ...(typeof ip === "string" && { ip }) };
  });
}

/** Takes an address for a load balancer, as its client asks: a port, a subnet, or a network. @throws Refusal 400, 404, 409 */
export function takeVip(octavia: Octavia, actor: Actor, projectId: string, id: string, wanted: Values): Vip {
  const { vip_port_id: portId, vip_subnet_id: subnetId, vip_network_id: networkId, vip_address: address } = wanted;
  const { ports, hosts } = octavia.cloud;
  if (typeof portId === "string") return vipOfPort(octavia, portId);
  const subnet = typeof subnetId === "string" ? ports.subnet(actor, subnetId) : undefined;
  if (typeof subnetId === "string" && subnet === undefined) throw notFound("Subnet", subnetId);
  const network = ports.network(actor, subnet?.networkId ?? String(networkId ?? ""));
  if (networkId !== null && network === undefined) throw notFound("Network", String(networkId));
  if (network === undefined) throw badRequest("VIP must contain one of: vip_port_id, vip_network_id, vip_subnet_id.");
  try {
    const port = ports.create(
      { ...actor, projectId },
      {
        projectId,
        networkId: network.id,
        name: `octavia-lb-${id}`,
        ...(subnet !== undefined && { subnetId: subnet.id }),
        ...(typeof address === "string" && { fixedIp: address }),
        more: moreAddresses(octavia, actor, network.id, wanted.additional_vips),
        deviceId: `lb-${id}`,
        deviceOwner: "Octavia",
        hostId: hosts[0]?.name ?? "",
      },
    );
    return vipOfPort(octavia, port.id);
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal(error.status === 409 ? 409 : 400, "", error.message);
    throw error;
  }
}
