import type { AddressPair, NetworkRow, PortRow } from "../state/rows.ts";
import { type Neutron, newRow } from "../state/state.ts";
import { addToCount } from "../state/quotas.ts";
import { conflict } from "../wire/errors.ts";
import { addToDevice, removeFromDevice } from "./devices.ts";
import { forgetTrunkPort } from "./trunks.ts";
import { allocateAddresses, type FixedIpRequest, freeAddresses, takeAddresses } from "./allocation.ts";

/** A new port, once all names are resolved. */
export interface NewPort {
  readonly network: NetworkRow;
  readonly projectId: string;
  readonly name: string;
  /** `undefined`: one address of each version that the network has. */
  readonly fixedIps: readonly FixedIpRequest[] | undefined;
  /** Ids of its security groups. */
  readonly groups: readonly string[];
  readonly deviceId: string;
  readonly deviceOwner: string;
  /** Empty: not bound to a host, and so DOWN. */
  readonly hostId: string;
  readonly portSecurity: boolean;
  /** Default: a new one. */
  readonly mac?: string | undefined;
  /** Default true. */
  readonly adminStateUp?: boolean;
  readonly description?: string;
  /** Default `normal`. */
  readonly vnicType?: string;
  readonly addressPairs?: readonly AddressPair[];
  readonly profile?: Readonly<Record<string, unknown>>;
  readonly deviceProfile?: string | null;
  readonly numaPolicy?: string | null;
  readonly tags?: readonly string[];
  readonly dhcpOptions?: readonly unknown[];
}

/** Creates a port and takes its addresses. @throws Refusal 400, 409 */
export function createPort(neutron: Neutron, request: NewPort): PortRow {
  const state = neutron.slot.value;
  checkMac(neutron, request);
  const base = newRow(neutron, request.projectId, 1, request.description);
  const mac = request.mac?.toLowerCase() ?? newMac(neutron);
  const fixedIps = allocateAddresses(neutron, request.network, request.fixedIps, "");
  const row: PortRow = {
    ...base,
    tags: request.tags ?? [],
    networkId: request.network.id,
    name: request.name,
    mac,
    adminStateUp: request.adminStateUp ?? true,
    status: request.hostId === "" ? "DOWN" : "ACTIVE",
    deviceId: request.deviceId,
    deviceOwner: request.deviceOwner,
    hostId: request.hostId,
    vnicType: request.vnicType ?? "normal",
    profile: request.profile ?? {},
    deviceProfile: request.deviceProfile ?? null,
    numaPolicy: request.numaPolicy ?? null,
    ipAllocation: fixedIps.length === 0 && request.fixedIps !== undefined ? "none" : "immediate",
    portSecurity: request.portSecurity,
    groups: request.groups,
    fixedIps,
    addressPairs: request.addressPairs ?? [],
    dhcpOptions: request.dhcpOptions ?? [],
  };
  state.ports.set(row.id, row);
  takeAddresses(neutron, row.networkId, row.id, row.fixedIps);
  if (row.deviceId !== "") addToDevice(neutron, row);
  addToCount(neutron, row.projectId, "port", 1);
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
    if (port.networkId === network.id && port.mac === mac.toLowerCase())
      throw conflict(
        "MacAddressInUse",
        `Unable to complete operation for network ${network.id}. The mac address ${mac} is in use.`,
      );
}

/** An address that the service chooses. */
export function newMac(neutron: Neutron): string {
  const digits = neutron.cloud.random("neutron").hex(6);
  return `fa:16:3e:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4)}`;
}

/** Replaces the port's addresses, keeping those that are requested again. @throws Refusal 400, 409 */
export function changeAddresses(neutron: Neutron, row: PortRow, requests: readonly FixedIpRequest[]): void {
  const network = neutron.slot.value.networks.get(row.networkId);
  if (network === undefined) return;
  const fixedIps = allocateAddresses(neutron, network, keepOwn(row, requests), row.id);
  freeAddresses(neutron, row.networkId, row.fixedIps);
  row.fixedIps = fixedIps;
  takeAddresses(neutron, row.networkId, row.id, fixedIps);
}

/** A request for any address of a subnet is satisfied by one that the port has there. */
function keepOwn({ fixedIps }: PortRow, requests: readonly FixedIpRequest[]): readonly FixedIpRequest[] {
  const left = fixedIps.filter(({ ip }) => !requests.some((each) => each.ip === ip));
  return requests.map((request) => {
    const at = left.findIndex(({ subnetId }) => request.ip === undefined && subnetId === request.subnetId);
    const [own] = at < 0 ? [] : left.splice(at, 1);
    return own === undefined ? request : { subnetId: own.subnetId, ip: own.ip };
  });
}

/** Deletes the port: frees its addresses, dissociates its floating IPs, and has its server forget it. */
export function deletePort(neutron: Neutron, row: PortRow): void {
  const state = neutron.slot.value;
  if (!state.ports.delete(row.id)) return;
  if (row.deviceId !== "") removeFromDevice(neutron, row);
  freeAddresses(neutron, row.networkId, row.fixedIps);
  for (const id of state.floatingByPort.get(row.id) ?? []) {
    const floating = state.floatingIps.get(id);
    if (floating !== undefined) Object.assign(floating, { portId: null, fixedIp: null, routerId: null });
  }
  state.floatingByPort.delete(row.id);
  state.qosPolicyOf.delete(row.id);
  for (const { id, internalPortId } of state.forwardings.values())
    if (internalPortId === row.id) state.forwardings.delete(id);
  forgetTrunkPort(neutron, row.id);
  addToCount(neutron, row.projectId, "port", -1);
  if (row.deviceOwner.startsWith("compute:")) neutron.cloud.servers.forgetPort(row.deviceId, row.id);
  neutron.cloud.kernel.record("neutron", "port.delete", row.id);
}
