import type { Neutron } from "../wire/wire.ts";
import { releasePort } from "./ports.ts";
import { count } from "../routes/quotas.ts";
import type { FloatingIpRow, NetworkRow } from "../state/state.ts";

/** Points a floating address at a port, or at none. */
export function point(
  { slot }: Neutron,
  row: FloatingIpRow,
  to: Pick<FloatingIpRow, "portId" | "fixedIp" | "routerId">,
): void {
  const { floatingByPort } = slot.value;
  if (row.portId !== null) {
    const left = (floatingByPort.get(row.portId) ?? []).filter((id) => id !== row.id);
    if (left.length === 0) floatingByPort.delete(row.portId);
    else floatingByPort.set(row.portId, left);
  }
  Object.assign(row, to);
  if (to.portId !== null) floatingByPort.set(to.portId, [...(floatingByPort.get(to.portId) ?? []), row.id]);
}

/** Takes a floating address away, with the port that holds it. */
export function dropFloatingIp(neutron: Neutron, row: FloatingIpRow): void {
  const own = neutron.slot.value.ports.get(row.ownPortId);
  if (own !== undefined) releasePort(neutron, own);
  point(neutron, row, { portId: null, fixedIp: null, routerId: null });
  neutron.slot.value.floatingIps.delete(row.id);
  count(neutron, row.projectId, "floatingip", -1);
  neutron.cloud.kernel.record("neutron", "floatingip.delete", row.id);
}

/** Takes a network's floating addresses away that point at nothing: they do not keep it from ending. */
export function dropIdleFloatingIps(neutron: Neutron, network: NetworkRow): void {
  for (const row of neutron.slot.value.floatingIps.values())
    if (row.networkId === network.id && row.portId === null) dropFloatingIp(neutron, row);
}
