import type { FixedIp, NetworkRow, SubnetRow } from "../state/rows.ts";
import type { Neutron } from "../state/state.ts";
import type { FixedIpFields } from "../wire/structures.ts";
import { badInput, conflict, invalid, notFound } from "../wire/errors.ts";
import { addressText, addressValue, hostRange, isInPrefix, parsePrefix } from "./ip.ts";

/** `max_fixed_ips_per_port` of Neutron; its check admits one more. */
const FIXED_IPS_MAX = 5;

/** An address as a port asks for it: any of the network, any of a subnet, or this one. */
export interface FixedIpRequest {
  readonly subnetId?: string;
  readonly ip?: string;
}

/** Addresses that a body asks for, in the words of the allocation. */
export const toRequests = (fields: readonly FixedIpFields[] | undefined): readonly FixedIpRequest[] | undefined =>
  fields?.map(({ subnet_id: subnetId, ip_address: ip }) => ({
    ...(subnetId !== undefined && { subnetId }),
    ...(ip !== undefined && { ip }),
  }));

/**
 * Chooses the addresses of a port without taking them.
 *
 * @param requests `undefined`: one address of each version that the network has
 * @param holderId the port for which they are chosen: the addresses that it holds count as free
 * @throws Refusal 400, 409
 */
export function allocateAddresses(
  neutron: Neutron,
  network: NetworkRow,
  requests: readonly FixedIpRequest[] | undefined,
  holderId: string,
): readonly FixedIp[] {
  const subnets = network.subnets.flatMap((id) => neutron.slot.value.subnets.get(id) ?? []);
  if (requests === undefined) return allocateOfEachVersion(neutron, network, subnets);
  if (requests.length > FIXED_IPS_MAX + 1) throw badInput("Exceeded maximum amount of fixed ips per port");
  const taken: FixedIp[] = [];
  for (const { subnetId, ip } of requests) {
    if (subnetId === undefined && ip === undefined) throw badInput("IP allocation requires subnet_id or ip_address");
    if (subnetId !== undefined && !neutron.slot.value.subnets.has(subnetId)) throw notFound("Subnet", subnetId);
    const candidates = subnets.filter(({ id }) => subnetId === undefined || id === subnetId);
    if (candidates.length === 0)
      throw badInput(
        `Failed to create port on network ${network.id}, because fixed_ips included invalid subnet ${subnetId}`,
      );
    if (ip === undefined) taken.push(allocateNext(neutron, network, candidates, taken));
    else {
      const subnet = subnetFor(candidates, ip, subnetId !== undefined);
      checkHost(subnet, ip);
      checkFree(neutron, network, subnet, ip, holderId);
      taken.push({ subnetId: subnet.id, ip });
    }
  }
  return taken;
}

function allocateOfEachVersion(neutron: Neutron, network: NetworkRow, subnets: readonly SubnetRow[]): FixedIp[] {
  const byVersion = [4, 6].map((version) => subnets.filter((subnet) => subnet.version === version));
  return byVersion.flatMap((some) => (some.length === 0 ? [] : allocateNext(neutron, network, some, [])));
}

/** The subnet in which an address lies. @throws Refusal 400 */
function subnetFor(subnets: readonly SubnetRow[], ip: string, isSubnetGiven: boolean): SubnetRow {
  const subnet = subnets.find(({ cidr }) => {
    const prefix = parsePrefix(cidr);
    return prefix !== undefined && isInPrefix(prefix, ip);
  });
  if (subnet !== undefined) return subnet;
  if (isSubnetGiven)
    throw invalid("InvalidIpForSubnet", `IP address ${ip} is not a valid IP for the specified subnet.`);
  const what = "is not a valid IP for any of the subnets on the specified network.";
  throw invalid("InvalidIpForNetwork", `IP address ${ip} ${what}`);
}

/** Neither the network's own address nor its broadcast address is one of a host. @throws Refusal 400 */
function checkHost({ cidr }: SubnetRow, ip: string): void {
  const prefix = parsePrefix(cidr);
  if (prefix === undefined) return;
  const { first, last } = hostRange(prefix);
  if (addressValue(ip) < first || addressValue(ip) > last)
    throw invalid("InvalidIpForSubnet", `IP address ${ip} is not a valid IP for the specified subnet.`);
}

/** @throws Refusal 409 */
function checkFree({ slot }: Neutron, network: NetworkRow, subnet: SubnetRow, ip: string, holderId: string): void {
  const owner = slot.value.portByAddress.get(`${network.id}/${ip}`);
  if (owner !== undefined && owner !== holderId)
    throw conflict("IpAddressAlreadyAllocated", `IP address ${ip} already allocated in subnet ${subnet.id}`);
}

/** The lowest free address. Each subnet remembers an index below which none is free, so that filling a network takes linear time. */
function allocateNext(
  { slot }: Neutron,
  network: NetworkRow,
  subnets: readonly SubnetRow[],
  taken: readonly FixedIp[],
): FixedIp {
  const { portByAddress } = slot.value;
  for (const subnet of subnets) {
    for (let index = subnet.lowestFree; ; index++) {
      const ip = poolAddress(subnet, index);
      if (ip === undefined) break;
      if (portByAddress.has(`${network.id}/${ip}`) || taken.some((each) => each.ip === ip)) continue;
      return { subnetId: subnet.id, ip };
    }
  }
  throw conflict("IpAddressGenerationFailure", `No more IP addresses available on network ${network.id}.`);
}

/** The address with this index in the pools, counted from 0. */
function poolAddress({ pools, version }: SubnetRow, index: number): string | undefined {
  let left = BigInt(index);
  for (const { start, end } of pools) {
    const size = addressValue(end) - addressValue(start) + 1n;
    if (left < size) return addressText(addressValue(start) + left, version);
    left -= size;
  }
  return undefined;
}

/** The index of an address in the pools; that of one outside them, which is never allocated, is beyond all. */
function poolIndex({ pools }: SubnetRow, ip: string): number {
  let before = 0n;
  for (const { start, end } of pools) {
    const [first, last, value] = [addressValue(start), addressValue(end), addressValue(ip)];
    if (value >= first && value <= last) return Number(before + value - first);
    before += last - first + 1n;
  }
  return Number.MAX_SAFE_INTEGER;
}

/** Gives addresses of a network to a port. */
export function takeAddresses(
  { slot }: Neutron,
  networkId: string,
  portId: string,
  fixedIps: readonly FixedIp[],
): void {
  const { portByAddress, subnets } = slot.value;
  for (const { ip } of fixedIps) portByAddress.set(`${networkId}/${ip}`, portId);
  for (const { subnetId } of fixedIps) {
    const subnet = subnets.get(subnetId);
    if (subnet === undefined) continue;
    const isTaken = (ip: string | undefined): boolean => ip !== undefined && portByAddress.has(`${networkId}/${ip}`);
    while (isTaken(poolAddress(subnet, subnet.lowestFree))) subnet.lowestFree++;
  }
}

/** Frees addresses of a network. */
export function freeAddresses({ slot }: Neutron, networkId: string, fixedIps: readonly FixedIp[]): void {
  const { portByAddress, subnets } = slot.value;
  for (const { subnetId, ip } of fixedIps) {
    portByAddress.delete(`${networkId}/${ip}`);
    const subnet = subnets.get(subnetId);
    if (subnet !== undefined) subnet.lowestFree = Math.min(subnet.lowestFree, poolIndex(subnet, ip));
  }
}
