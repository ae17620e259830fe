import type { TrunkRow } from "../state/extension-rows.ts";
import type { PortRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";

/*
 * Which device a port belongs to, and on which host it is wired.
 */

/** Owner of a port that is part of a trunk. */
export const SUBPORT_OWNER = "trunk:subport";

/** The trunk of which a port is a part, or the parent. */
export const trunkOf = ({ slot }: Neutron, portId: string): TrunkRow | undefined =>
  slot.value.trunks.get(slot.value.trunkByPort.get(portId) ?? "");

/** Lists the port with those of its device. */
export function addToDevice({ slot }: Neutron, row: PortRow): void {
  const { portsByDevice } = slot.value;
  const ports = portsByDevice.get(row.deviceId);
  if (ports === undefined) portsByDevice.set(row.deviceId, [row.id]);
  else ports.push(row.id);
}

/** Removes the port from that list. */
export function removeFromDevice({ slot }: Neutron, row: PortRow): void {
  const { portsByDevice } = slot.value;
  const left = (portsByDevice.get(row.deviceId) ?? []).filter((id) => id !== row.id);
  if (left.length === 0) portsByDevice.delete(row.deviceId);
  else portsByDevice.set(row.deviceId, left);
}

/** Gives the port to a device, or takes it away when `deviceId` is empty. It is ACTIVE while it is bound to a host. */
export function setDevice(neutron: Neutron, row: PortRow, deviceId: string, deviceOwner: string, hostId: string): void {
  if (row.deviceId !== "") removeFromDevice(neutron, row);
  row.deviceId = deviceId;
  row.deviceOwner = deviceOwner;
  row.hostId = hostId;
  row.status = hostId === "" ? "DOWN" : "ACTIVE";
  if (deviceId !== "") addToDevice(neutron, row);
  neutron.cloud.kernel.record("neutron", "port.bind", row.id, { device: deviceId, status: row.status });
  wireSubports(neutron, row);
}

/** The parts of a trunk follow its parent to another host. */
function wireSubports(neutron: Neutron, parent: PortRow): void {
  const trunk = trunkOf(neutron, parent.id);
  if (trunk === undefined || trunk.portId !== parent.id) return;
  for (const { port_id: id } of trunk.subports) {
    const port = neutron.slot.value.ports.get(id);
    if (port !== undefined) setDevice(neutron, port, "", SUBPORT_OWNER, parent.hostId);
  }
}
