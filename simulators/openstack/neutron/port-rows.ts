import { Refusal } from "../common/refusal.ts";
import { isIpv4, prefixRange, toIp, toNumber, within } from "./address.ts";
import { fresh, type Neutron } from "./frame.ts";
import type { NetworkRow, PortRow, SubnetRow } from "./state.ts";

/** What a new port is made of once everything has been resolved. */
export interface NewPort {
  readonly network: NetworkRow;
  readonly projectId: string;
  readonly name: string;
  readonly fixedIps: readonly { readonly subnetId?: string; readonly ip?: string }[] | undefined;
  readonly groups: readonly string[];
  readonly deviceId: string;
  readonly deviceOwner: string;
  readonly hostId: string;
  readonly portSecurity: boolean;
  readonly mac?: string | undefined;
  readonly adminStateUp?: boolean;
}

/** Makes a port and takes its addresses. @throws Refusal 400, 409 */
export function makePort(neutron: Neutron, wanted: NewPort): PortRow {
  const state = neutron.slot.value;
  const fixedIps = allocate(neutron, wanted.network, wanted.fixedIps);
  const row: PortRow = {
    id: neutron.cloud.uuid("neutron"),
    networkId: wanted.network.id,
    projectId: wanted.projectId,
    name: wanted.name,
    mac: wanted.mac ?? newMac(neutron),
    adminStateUp: wanted.adminStateUp ?? true,
    status: wanted.hostId === "" ? "DOWN" : "ACTIVE",
    deviceId: wanted.deviceId,
    deviceOwner: wanted.deviceOwner,
    hostId: wanted.hostId,
    portSecurity: wanted.portSecurity,
    groups: wanted.groups,
    fixedIps,
    ...fresh(neutron),
  };
  state.ports.set(row.id, row);
  for (const { ip } of fixedIps) state.portByAddress.set(`${row.networkId}/${ip}`, row.id);
  if (row.deviceId !== "") indexDevice(neutron, row);
  neutron.cloud.kernel.record("neutron", "port.create", row.id, {
    network: row.networkId,
    ips: fixedIps.map(({ ip }) => ip),
    device: row.deviceId,
  });
  return row;
}

function newMac(neutron: Neutron): string {
  const digits = neutron.cloud.random("neutron").hex(6);
  return `fa:16:3e:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4)}`;
}

function allocate(neutron: Neutron, network: NetworkRow, wanted: NewPort["fixedIps"]): PortRow["fixedIps"] {
  const subnets = network.subnets.flatMap((id) => neutron.slot.value.subnets.get(id) ?? []);
  if (wanted === undefined) return subnets.length === 0 ? [] : [fromPool(neutron, network, subnets)];
  return wanted.map(({ subnetId, ip }) => {
    const candidates = subnets.filter(({ id }) => subnetId === undefined || id === subnetId);
    if (candidates.length === 0)
      throw new Refusal(
        400,
        "InvalidInput",
        `Invalid input for operation: Failed to create port on network ${network.id}, because fixed_ips included invalid subnet ${subnetId}.`,
      );
    return ip === undefined ? fromPool(neutron, network, candidates) : exactly(neutron, network, candidates, ip);
  });
}

function exactly(
  neutron: Neutron,
  network: NetworkRow,
  subnets: readonly SubnetRow[],
  ip: string,
): PortRow["fixedIps"][number] {
  const subnet = subnets.find(
    ({ cidr }) => isIpv4(ip) && within(prefixRange(cidr) ?? { first: 0, last: -1, bits: 0 }, ip),
  );
  if (subnet === undefined)
    throw new Refusal(
      400,
      "InvalidIpForNetwork",
      "IP address is not a valid IP for any of the subnets on the specified network.",
    );
  if (neutron.slot.value.portByAddress.has(`${network.id}/${ip}`)) {
    throw new Refusal(409, "IpAddressAlreadyAllocated", `IP address ${ip} already allocated in subnet ${subnet.id}`);
  }
  return { subnetId: subnet.id, ip };
}

/** The lowest free address; each subnet remembers below which none is free, so that filling a network stays linear. */
function fromPool(neutron: Neutron, network: NetworkRow, subnets: readonly SubnetRow[]): PortRow["fixedIps"][number] {
  const { portByAddress } = neutron.slot.value;
  for (const subnet of subnets) {
    for (const [first, last] of subnet.pools) {
      for (let candidate = Math.max(first, subnet.lowestFree); candidate <= last; candidate++) {
        const ip = toIp(candidate);
        if (portByAddress.has(`${network.id}/${ip}`)) continue;
        subnet.lowestFree = candidate + 1;
        return { subnetId: subnet.id, ip };
      }
    }
  }
  throw new Refusal(409, "IpAddressGenerationFailure", `No more IP addresses available on network ${network.id}.`);
}

function indexDevice(neutron: Neutron, row: PortRow): void {
  const { portsByDevice } = neutron.slot.value;
  const ports = portsByDevice.get(row.deviceId);
  if (ports === undefined) portsByDevice.set(row.deviceId, [row.id]);
  else ports.push(row.id);
}

function unindexDevice(neutron: Neutron, row: PortRow): void {
  const { portsByDevice } = neutron.slot.value;
  const left = (portsByDevice.get(row.deviceId) ?? []).filter((id) => id !== row.id);
  if (left.length === 0) portsByDevice.delete(row.deviceId);
  else portsByDevice.set(row.deviceId, left);
}

/** Gives the port to a device, or takes it from one when `deviceId` is empty. */
export function setDevice(neutron: Neutron, row: PortRow, deviceId: string, deviceOwner: string, hostId: string): void {
  if (row.deviceId !== "") unindexDevice(neutron, row);
  row.deviceId = deviceId;
  row.deviceOwner = deviceOwner;
  row.hostId = hostId;
  row.status = hostId === "" ? "DOWN" : "ACTIVE";
  if (deviceId !== "") indexDevice(neutron, row);
  neutron.cloud.kernel.record("neutron", "port.bind", row.id, { device: deviceId, status: row.status });
}

/** Deletes the port: its addresses are free again, floating addresses let go of it. */
export function releasePort(neutron: Neutron, row: PortRow): void {
  const state = neutron.slot.value;
  state.ports.delete(row.id);
  if (row.deviceId !== "") unindexDevice(neutron, row);
  for (const { subnetId, ip } of row.fixedIps) {
    state.portByAddress.delete(`${row.networkId}/${ip}`);
    const subnet = state.subnets.get(subnetId);
    if (subnet !== undefined) subnet.lowestFree = Math.min(subnet.lowestFree, toNumber(ip));
  }
  for (const floating of state.floatingIps.values()) {
    if (floating.portId !== row.id) continue;
    floating.portId = null;
    floating.fixedIp = null;
    floating.routerId = null;
  }
  neutron.cloud.kernel.record("neutron", "port.delete", row.id);
}
