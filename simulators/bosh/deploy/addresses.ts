import { formatIp, includesRange, parseIp } from "../configs/ip-ranges.ts";
import type { Network } from "../configs/networks.ts";
import type { Subnet } from "../configs/subnets.ts";
import type { VmNetwork } from "../cpi/cpi.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import type { DeployPlan, PlannedGroup } from "./adopt.ts";
import type { GroupNetwork } from "./manifest.ts";

interface AddressChoice {
  readonly ip: string;
  readonly subnet: Subnet;
}

/** Who asks for an address. */
export interface AddressHolder {
  readonly deployment: string;
  /** `group/uuid`. */
  readonly instance: string;
  /** Its name in messages: `group/uuid (0)`. */
  readonly title: string;
  readonly az: string;
}

const containsAddress = ({ range }: Subnet, ip: string): boolean => includesRange(range, parseIp(ip));

/** The key under which the position of the search in a subnet is kept, as an offset from its first address. */
const hintKey = ({ name }: Network, { range }: Subnet): string => `${name}/${formatIp(range.family, range.first)}`;

/** The lowest free address in the subnets of the zone (ip_repo.rb in bosh-director). @throws DirectorError 130011 */
function findLowestFree(director: Director, network: Network, { az, title }: AddressHolder): AddressChoice {
  for (const subnet of network.subnets.filter(({ azs }) => azs.length === 0 || azs.includes(az))) {
    const ip = lowestIn(director, network, subnet);
    if (ip !== undefined) return { ip, subnet };
  }
  throw new DirectorError(
    130011,
    `Failed to reserve IP for '${title}' for manual network '${network.name}': no more available`,
  );
}

function lowestIn(director: Director, network: Network, subnet: Subnet): string | undefined {
  const { addresses, addressHints } = director.slot.value;
  const { family, first, last } = subnet.range;
  const key = hintKey(network, subnet);
  let candidate = first + BigInt(addressHints.get(key) ?? 0);
  for (const taken of [...subnet.taken, { first: last + 1n, last: last + 1n }]) {
    for (; candidate < taken.first && candidate <= last; candidate++) {
      const ip = formatIp(family, candidate);
      if (addresses.has(ip)) continue;
      addressHints.set(key, Number(candidate - first));
      return ip;
    }
    if (candidate <= taken.last) candidate = taken.last + 1n;
  }
  return undefined;
}

/** @throws DirectorError 130008, 130012, 130013 */
function findStatic(director: Director, network: Network, ip: string, holder: AddressHolder): AddressChoice {
  const subnet = network.subnets.find((each) => containsAddress(each, ip));
  const shown = `${ip}/${parseIp(ip).prefix}`;
  if (subnet === undefined)
    throw new DirectorError(
      130012,
      `Provided static IP '${shown}' does not belong to any subnet in network '${network.name}'`,
    );
  if (isReserved(subnet, ip))
    throw new DirectorError(
      130013,
      `Failed to reserve IP '${shown}' for network '${network.name}': IP belongs to reserved range`,
    );
  refuseTaken(director, ip, holder);
  return { ip, subnet };
}

/** @throws DirectorError 130008 */
function refuseTaken(director: Director, ip: string, holder: AddressHolder): void {
  const owner = director.slot.value.addresses.get(ip);
  if (owner === undefined || owner.instance === holder.instance) return;
  throw new DirectorError(
    130008,
    `Failed to reserve IP '${ip}/${parseIp(ip).prefix}' for instance '${holder.title}': already reserved by instance '${owner.instance}' from deployment '${owner.deployment}'`,
  );
}

/** Neither free nor static. */
const isReserved = ({ taken, statics }: Subnet, ip: string): boolean =>
  taken.some((each) => !statics.includes(each) && includesRange(each, parseIp(ip)));

/** Reserves an address on a network: the static one, the one it has, or the lowest free one. @throws DirectorError 130008, 130011, 130012, 130013 */
export function reserveAddress(
  director: Director,
  network: Network,
  holder: AddressHolder,
  staticIp: string | undefined,
  current: string | undefined,
): VmNetwork {
  const common = { name: network.name, type: network.type };
  if (network.type === "dynamic") {
    const subnet = network.subnets.find(({ azs }) => azs.length === 0 || azs.includes(holder.az));
    const { dns = [], cloudProperties = {} } = subnet ?? {};
    return { ...common, ip: "", netmask: "", gateway: "", dns, cloudProperties };
  }
  if (network.type === "vip") {
    if (staticIp !== undefined) refuseTaken(director, staticIp, holder);
    const ip = staticIp ?? vipFor(director, network, holder, current);
    if (ip !== "") director.slot.value.addresses.set(ip, { deployment: holder.deployment, instance: holder.instance });
    return { ...common, ip, netmask: "", gateway: "", dns: [], cloudProperties: {} };
  }
  const { ip, subnet } =
    staticIp === undefined
      ? (keepCurrent(network, holder.az, current) ?? findLowestFree(director, network, holder))
      : findStatic(director, network, staticIp, holder);
  director.slot.value.addresses.set(ip, { deployment: holder.deployment, instance: holder.instance });
  const { netmask, gateway, dns, cloudProperties } = subnet;
  return { ...common, ip, netmask, gateway, dns, cloudProperties };
}

/** One of the floating addresses that the cloud config lists for the zone; empty if it lists none. @throws DirectorError 130011 */
function vipFor(
  director: Director,
  network: Network,
  { az, title }: AddressHolder,
  current: string | undefined,
): string {
  if (network.subnets.length === 0) return "";
  const ips = network.subnets
    .filter(({ azs }) => azs.length === 0 || azs.includes(az))
    .flatMap(({ statics }) => statics.map(({ family, first }) => formatIp(family, first)));
  if (current !== undefined && ips.includes(current)) return current;
  // The director looks for the zone of an instance in the zones of every subnet, and a subnet without any has no list of them.
  if (az !== "" && network.subnets.some(({ azs }) => azs.length === 0))
    throw new DirectorError(UNCLASSED, "undefined method 'include?' for nil");
  const ip = ips.find((each) => !director.slot.value.addresses.has(each));
  if (ip !== undefined) return ip;
  throw new DirectorError(
    130011,
    `Failed to reserve IP for '${title}' for vip network '${network.name}': no more available`,
  );
}

/**
 * Whether an instance keeps its address: it does while its network still hands that out, so not if the range
 * has become static.
 */
function keepCurrent(network: Network, az: string, ip: string | undefined): AddressChoice | undefined {
  if (ip === undefined || ip === "") return undefined;
  const subnet = network.subnets.find(
    (each) => containsAddress(each, ip) && (each.azs.length === 0 || each.azs.includes(az)),
  );
  if (subnet === undefined) return undefined;
  return subnet.taken.some((each) => includesRange(each, parseIp(ip))) ? undefined : { ip, subnet };
}

/** Frees an address, unless an orphaned VM still holds it. */
export function releaseAddress(director: Director, ip: string): void {
  const { addresses, addressHints, orphanVms } = director.slot.value;
  for (const { ips } of orphanVms.values()) if (ips.includes(ip)) return;
  addresses.delete(ip);
  if (ip === "") return;
  const { family, first: value } = parseIp(ip);
  for (const [key, hint] of addressHints) {
    const start = parseIp(key.slice(key.lastIndexOf("/") + 1));
    const offset = value - start.first;
    if (start.family === family && offset >= 0n && offset < BigInt(hint)) addressHints.set(key, Number(offset));
  }
}

/** Frees all addresses of an instance. */
export function releaseAddresses(director: Director, instance: Instance): void {
  for (const ip of [...instance.ips.map((each) => each.ip), ...instance.pendingIps]) releaseAddress(director, ip);
  instance.ips = [];
  instance.pendingIps = [];
}

/** Reserves the addresses of one instance. @throws DirectorError 130008, 130011, 130012, 130013, 130014 */
export function reserveAddresses(
  director: Director,
  plan: DeployPlan,
  planned: PlannedGroup,
  instance: Instance,
): VmNetwork[] {
  const { group, statics } = planned;
  const title = `${instance.group}/${instance.id} (${instance.index})`;
  const holder = {
    deployment: instance.deployment,
    instance: `${instance.group}/${instance.id}`,
    title,
    az: instance.az,
  };
  // What was reserved before stays, although a lower address may have become free since.
  const pending = instance.pendingIps;
  for (const ip of pending) releaseAddress(director, ip);
  const networks = group.networks.map((each) => {
    const network = requireNetwork(plan, each.name);
    const current = planned.doubled.has(instance.id)
      ? undefined
      : (instance.ips.find(({ network: name }) => name === each.name)?.ip ??
        pending.find((ip) => network.subnets.some((subnet) => containsAddress(subnet, ip))));
    const staticIp =
      network.type === "vip" ? vipOf(network, each, planned, instance) : statics.get(instance.id)?.get(each.name);
    return reserveAddress(director, network, holder, staticIp, current);
  });
  const own = new Set(instance.ips.map(({ ip }) => ip));
  instance.pendingIps = networks.map(({ ip }) => ip).filter((ip) => ip !== "" && !own.has(ip));
  return networks;
}

/**
 * The floating address that a manifest gives an instance: the one it has, otherwise the next of the list
 * (vip_planner.rb in bosh-director).
 *
 * @throws DirectorError 130014
 */
function vipOf(
  network: Network,
  { name, staticIps = [] }: GroupNetwork,
  { instances }: PlannedGroup,
  instance: Instance,
): string | undefined {
  if (staticIps.length > 0 && network.subnets.length > 0)
    throw new DirectorError(130014, "IPs cannot be specified in both the instance group and the cloud config");
  const ownOf = ({ ips }: Instance): string | undefined =>
    ips.find((each) => each.network === name && staticIps.includes(each.ip))?.ip;
  const own = ownOf(instance);
  if (own !== undefined) return own;
  const kept = instances.map(ownOf);
  const free = staticIps.filter((ip) => !kept.includes(ip));
  return free[instances.filter((each) => ownOf(each) === undefined).indexOf(instance)];
}

/** @throws Error when the manifest was not checked: its networks are in the cloud config */
function requireNetwork({ config }: DeployPlan, name: string): Network {
  const network = config.networks.get(name);
  if (network === undefined) throw new Error(`the cloud config has no network '${name}'`);
  return network;
}
