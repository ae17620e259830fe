import { agentsOf } from "../state/agents.ts";
import type { NetworkRow, RouterRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import { setDevice } from "./devices.ts";

/*
 * Which agents serve which routers and networks, and so where a router's ports are wired.
 */

const nodes = (neutron: Neutron, topic: string): readonly string[] =>
  agentsOf(neutron).flatMap((agent) => (agent.topic === topic ? [agent.host] : []));

type Placed = Pick<RouterRow, "id" | "ha" | "zoneHints">;

/** The hosts whose L3 agents serve a router: all of a highly available one, else that of its zone. */
export function routerHosts(neutron: Neutron, row: Placed): readonly string[] {
  const chosen = neutron.slot.value.scheduled.get(`l3 ${row.id}`);
  if (chosen !== undefined) return chosen;
  const all = nodes(neutron, "l3_agent");
  if (row.ha) return all;
  const inZone = agentsOf(neutron).filter(
    ({ topic, zone }) => topic === "l3_agent" && row.zoneHints.includes(zone ?? ""),
  );
  return inZone[0] === undefined ? all.slice(0, 1) : [inZone[0].host];
}

/** The host on which a router's ports are wired; empty where no agent serves it. */
export const routerHost = (neutron: Neutron, row: Placed): string => routerHosts(neutron, row)[0] ?? "";

/** The hosts whose DHCP agents serve a network: one, once it has a subnet that wants them. */
export function networkHosts(neutron: Neutron, row: NetworkRow): readonly string[] {
  const chosen = neutron.slot.value.scheduled.get(`dhcp ${row.id}`);
  if (chosen !== undefined) return chosen;
  const isServed = row.subnets.some((id) => neutron.slot.value.subnets.get(id)?.enableDhcp === true);
  return isServed ? nodes(neutron, "dhcp_agent").slice(0, 1) : [];
}

/** Wires a router's ports where it is served now. */
export function wireRouter(neutron: Neutron, row: RouterRow): void {
  const { ports, portsByDevice } = neutron.slot.value;
  const host = routerHost(neutron, row);
  for (const port of (portsByDevice.get(row.id) ?? []).flatMap((id) => ports.get(id) ?? []))
    if (port.hostId !== host) setDevice(neutron, port, row.id, port.deviceOwner, host);
}
