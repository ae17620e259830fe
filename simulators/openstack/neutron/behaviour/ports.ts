import { Refusal } from "../../common/refusal.ts";
import { fromBig, holds, prefixOf, toBig } from "./ip.ts";
import { badInput, conflict, fresh, type Neutron } from "../wire/wire.ts";
import { count } from "../routes/quotas.ts";
import type { AddressPair, FixedIp, NetworkRow, PortRow, SubnetRow } from "../state/state.ts";

const FIXED_IPS_MAX = 5;

export interface WantedIp {
  readonly subnetId?: string;
  readonly ip?: string;
}

/** What a new port is made of once everything has been resolved. */
export interface NewPort {
  readonly network: NetworkRow;
  readonly projectId: string;
  readonly name: string;
  /** `undefined`: one address of each version that the network has. */
  readonly fixedIps: readonly WantedIp[] | undefined;
  readonly groups: readonly string[];
  readonly deviceId: string;
  readonly deviceOwner: string;
  readonly hostId: string;
  readonly portSecurity: boolean;
  readonly mac?: string | undefined;
  readonly adminStateUp?: boolean;
  readonly description?: string;
  readonly vnicType?: string;
  readonly addressPairs?: readonly AddressPair[];
  readonly dhcpOptions?: readonly object[];
}

/** Makes a port and takes its addresses. @throws Refusal 400, 409 */
export function makePort(neutron: Neutron, wanted: NewPort): PortRow {
  const state = neutron.slot.value;
  checkMac(neutron, wanted);
  const row: PortRow = {
    ...fresh(neutron, wanted.projectId, wanted.description, 1),
    networkId: wanted.network.id,
    name: wanted.name,
    mac: wanted.mac ?? newMac(neutron),
    adminStateUp: wanted.adminStateUp ?? true,
    status: wanted.hostId === "" ? "DOWN" : "ACTIVE",
    deviceId: wanted.deviceId,
    deviceOwner: wanted.deviceOwner,
    hostId: wanted.hostId,
    vnicType: wanted.vnicType ?? "normal",
    portSecurity: wanted.portSecurity,
    groups: wanted.groups,
    fixedIps: allocate(neutron, wanted.network, wanted.fixedIps, ""),
    addressPairs: wanted.addressPairs ?? [],
    dhcpOptions: wanted.dhcpOptions ?? [],
  };
  state.ports.set(row.id, row);
  for (const { ip } of row.fixedIps) state.portByAddress.set(`${row.networkId}/${ip}`, row.id);
  if (row.deviceId !== "") indexDevice(neutron, row);
  count(neutron, row.projectId, "port", 1);
  neutron.cloud.kernel.record("neutron", "port.create", row.id, {
    network: row.networkId,
    ips: row.fixedIps.map(({ ip }) => ip),
    device: row.deviceId,
  });
  return row;
}

/** @throws Refusal 409 */
function checkMac({ slot }: Neutron, { mac, network }: NewPort): void {
  if (mac === undefined) return;
  for (const port of slot.value.ports.values())
    if (port.networkId === network.id && port.mac === mac)
      throw conflict(
        "MacAddressInUse",
        `Unable to complete operation for network ${network.id}. The mac address ${mac} is in use.`,
      );
}

function newMac(neutron: Neutron): string {
  const digits = neutron.cloud.random("neutron").hex(6);
  return `fa:16:3e:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4)}`;
}

/** Takes other addresses; those that stay are kept. @throws Refusal 400, 409 */
export function readdress(neutron: Neutron, row: PortRow, wanted: readonly WantedIp[]): void {
  const network = neutron.slot.value.networks.get(row.networkId);
  if (network === undefined) return;
  const fixedIps = allocate(neutron, network, wanted, row.id);
  freeAddresses(neutron, row);
  row.fixedIps = fixedIps;
  for (const { ip } of fixedIps) neutron.slot.value.portByAddress.set(`${row.networkId}/${ip}`, row.id);
}

function allocate(
  neutron: Neutron,
  network: NetworkRow,
  wanted: NewPort["fixedIps"],
  holder: string,
): readonly FixedIp[] {
  const subnets = network.subnets.flatMap((id) => neutron.slot.value.subnets.get(id) ?? []);
  if (wanted === undefined) {
    const versions = [4, 6].map((version) => subnets.filter((subnet) => subnet.version === version));
    return versions.flatMap((some) => (some.length === 0 ? [] : fromPool(neutron, network, some, [])));
  }
  if (wanted.length > FIXED_IPS_MAX) throw badInput("Exceeded maximum amount of fixed ips per port");
  const taken: FixedIp[] = [];
  for (const { subnetId, ip } of wanted) {
    const candidates = subnets.filter(({ id }) => subnetId === undefined || id === subnetId);
    if (candidates.length === 0)
      throw badInput(
        `Failed to create port on network ${network.id}, because fixed_ips included invalid subnet ${subnetId}`,
      );
    taken.push(
      ip === undefined
        ? fromPool(neutron, network, candidates, taken)
        : exactly(neutron, network, candidates, ip, holder, subnetId !== undefined),
    );
  }
  return taken;
}

function exactly(
  neutron: Neutron,
  network: NetworkRow,
  subnets: readonly SubnetRow[],
  ip: string,
  holder: string,
  isSubnetGiven: boolean,
): FixedIp {
  const subnet = subnets.find(({ cidr }) => {
    const prefix = prefixOf(cidr);
    return prefix !== undefined && holds(prefix, ip);
  });
  if (subnet === undefined) {
    if (isSubnetGiven)
      throw new Refusal(400, "InvalidIpForSubnet", `IP address ${ip} is not a valid IP for the specified subnet.`);
    const what = "is not a valid IP for any of the subnets on the specified network.";
    throw new Refusal(400, "InvalidIpForNetwork", `IP address ${ip} ${what}`);
  }
  const owner = neutron.slot.value.portByAddress.get(`${network.id}/${ip}`);
  if (owner !== undefined && owner !== holder)
    throw conflict("IpAddressAlreadyAllocated", `IP address ${ip} already allocated in subnet ${subnet.id}`);
  return { subnetId: subnet.id, ip };
}

/** The lowest free address; each subnet remembers below which none is free, so that filling a network stays linear. */
function fromPool(
  neutron: Neutron,
  network: NetworkRow,
  subnets: readonly SubnetRow[],
  taken: readonly FixedIp[],
): FixedIp {
  const { portByAddress } = neutron.slot.value;
  for (const subnet of subnets) {
    for (let at = subnet.lowestFree; ; at++) {
      const ip = addressAt(subnet, at);
      if (ip === undefined) break;
      if (portByAddress.has(`${network.id}/${ip}`) || taken.some((each) => each.ip === ip)) continue;
      subnet.lowestFree = at + 1;
      return { subnetId: subnet.id, ip };
    }
  }
  throw conflict("IpAddressGenerationFailure", `No more IP addresses available on network ${network.id}.`);
}

/** The address `at` places after the first of the pools. */
function addressAt({ pools, version }: SubnetRow, at: number): string | undefined {
  let left = BigInt(at);
  for (const { start, end } of pools) {
    const size = toBig(end) - toBig(start) + 1n;
    if (left < size) return fromBig(toBig(start) + left, version);
    left -= size;
  }
  return undefined;
}

/** The place of an address in the pools; outside of them the beginning, which only makes the next search longer. */
function placeOf({ pools }: SubnetRow, ip: string): number {
  let before = 0n;
  for (const { start, end } of pools) {
    const [first, last, value] = [toBig(start), toBig(end), toBig(ip)];
    if (value >= first && value <= last) return Number(before + value - first);
    before += last - first + 1n;
  }
  return Number.MAX_SAFE_INTEGER;
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

function freeAddresses(neutron: Neutron, row: PortRow): void {
  const state = neutron.slot.value;
  for (const { subnetId, ip } of row.fixedIps) {
    state.portByAddress.delete(`${row.networkId}/${ip}`);
    const subnet = state.subnets.get(subnetId);
    if (subnet !== undefined) subnet.lowestFree = Math.min(subnet.lowestFree, placeOf(subnet, ip));
  }
}

/** Deletes the port: its addresses are free again, floating addresses let go of it. */
export function releasePort(neutron: Neutron, row: PortRow): void {
  const state = neutron.slot.value;
  if (!state.ports.delete(row.id)) return;
  if (row.deviceId !== "") unindexDevice(neutron, row);
  freeAddresses(neutron, row);
  for (const id of state.floatingByPort.get(row.id) ?? []) {
    const floating = state.floatingIps.get(id);
    if (floating !== undefined) Object.assign(floating, { portId: null, fixedIp: null, routerId: null });
  }
  state.floatingByPort.delete(row.id);
  count(neutron, row.projectId, "port", -1);
  if (row.deviceOwner.startsWith("compute:")) neutron.cloud.servers.forgetPort(row.deviceId, row.id);
  neutron.cloud.kernel.record("neutron", "port.delete", row.id);
}
