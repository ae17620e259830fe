import { json } from "../../../kernel/index.ts";
import type { OpenStackRoute } from "../../service.ts";
import { parsePrefix } from "../behaviour/ip.ts";
import type { NetworkRow, SubnetRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import { notFound } from "../wire/errors.ts";
import { listReply } from "../wire/lists.ts";
import { projectMembers, type View } from "../wire/views.ts";

/** All addresses except the network's own. */
function totalOf({ cidr }: SubnetRow): number {
  const prefix = parsePrefix(cidr);
  return prefix === undefined ? 0 : Number(prefix.last - prefix.first) - 1;
}

/** Counts ports, not addresses, as the service does. */
const usedOf = ({ slot }: Neutron, subnetId: string): number =>
  [...slot.value.ports.values()].filter(({ fixedIps }) => fixedIps.some((each) => each.subnetId === subnetId)).length;

function availabilityOf(neutron: Neutron, network: NetworkRow): View {
  const subnets = network.subnets.flatMap((id) => neutron.slot.value.subnets.get(id) ?? []);
  const availability = subnets.map((subnet) => ({
    subnet_id: subnet.id,
    subnet_name: subnet.name,
    cidr: subnet.cidr,
    ip_version: subnet.version,
    total_ips: totalOf(subnet),
    used_ips: usedOf(neutron, subnet.id),
  }));
  const sum = (key: "total_ips" | "used_ips"): number => availability.reduce((total, each) => total + each[key], 0);
  return {
    network_id: network.id,
    network_name: network.name,
    ...projectMembers(network.projectId),
    subnet_ip_availability: availability,
    total_ips: sum("total_ips"),
    used_ips: sum("used_ips"),
  };
}

const SCHEMA = {
  collection: "network_ip_availabilities",
  path: "network-ip-availabilities",
  attributes: {},
  isPaged: false,
} as const;

/** `/v2.0/network-ip-availabilities`: how full the networks are, for administrators; others see none. */
export const networkIpAvailabilityRoutes = (neutron: Neutron): readonly OpenStackRoute[] => [
  {
    method: "GET",
    path: "/v2.0/network-ip-availabilities",
    clients: ["openstack"],
    handler: (context) => {
      const networks = context.actor.isAdmin ? [...neutron.slot.value.networks.values()] : [];
      return listReply(
        context,
        SCHEMA,
        networks.map((each) => availabilityOf(neutron, each)),
      );
    },
  },
  {
    method: "GET",
    path: "/v2.0/network-ip-availabilities/:id",
    handler: ({ actor, params: { id = "" } }) => {
      const network = neutron.slot.value.networks.get(id);
      if (network === undefined || !actor.isAdmin) throw notFound("Network", id);
      return json(200, { network_ip_availability: availabilityOf(neutron, network) });
    },
  },
];
