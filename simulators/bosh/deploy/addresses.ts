import { formatIpv4, parseIpv4 } from "../../kernel/index.ts";
import type { Network, Subnet } from "../configs/cloud-config.ts";
import type { VmNetwork } from "../cpi/cpi.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { DirectorError } from "../wire/errors.ts";
import type { DeployPlan, PlannedGroup } from "./adopt.ts";

interface AddressChoice {
  readonly ip: string;
  readonly subnet: Subnet;
}

/** Who asks for an address. */
export interface AddressHolder {
  readonly deployment: string;
  /** `group/uuid`. */
  readonly instance: string;
  /** How messages name it: `group/uuid (0)`. */
  readonly title: string;
  readonly az: string;
}

const containsAddress = (subnet: Subnet, ip: string): boolean =>
  parseIpv4(ip) >= subnet.first && parseIpv4(ip) <= subnet.last;

/** The lowest free address in the subnets of the zone. @throws DirectorError 130011 */
function findLowestFree(director: Director, network: Network, { az, title }: AddressHolder): AddressChoice {
  const { addresses, addressHints } = director.slot.value;
  for (const subnet of network.subnets.filter(({ azs }) => azs.length === 0 || azs.includes(az))) {
    const key = `${network.name}/${subnet.first}`;
    let candidate = Math.max(subnet.first, addressHints.get(key) ?? 0);
    for (const [from, to] of [...subnet.taken, [subnet.last + 1, subnet.last + 1] as const]) {
      for (; candidate < from && candidate <= subnet.last; candidate++) {
        if (addresses.has(formatIpv4(candidate))) continue;
        addressHints.set(key, candidate);
        return { ip: formatIpv4(candidate), subnet };
      }
      candidate = Math.max(candidate, to + 1);
    }
  }
  throw new DirectorError(
    130011,
    `Failed to reserve IP for '${title}' for manual network '${network.name}': no more available`,
  );
}

function findStatic(director: Director, network: Network, ip: string, holder: AddressHolder): AddressChoice {
  const subnet = network.subnets.find((each) => containsAddress(each, ip));
  if (subnet === undefined)
    throw new DirectorError(
      130010,
      `Failed to reserve IP '${ip}/32' for network '${network.name}': IP belongs to no subnet`,
    );
  const owner = director.slot.value.addresses.get(ip);
  if (owner !== undefined && owner.instance !== holder.instance)
    throw new DirectorError(
      130008,
      `Failed to reserve IP '${ip}/32' for instance '${holder.title}': already reserved by instance '${owner.instance}' from deployment '${owner.deployment}'`,
    );
  return { ip, subnet };
}

/** Reserves an address on a network: the static one, the one it has, or the lowest free one. @throws DirectorError 130008, 130010, 130011 */
export function reserveAddress(
  director: Director,
  network: Network,
  holder: AddressHolder,
  staticIp: string | undefined,
  current: string | undefined,
): VmNetwork {
  const common = { name: network.name, type: network.type };
  if (network.type !== "manual")
    return { ...common, ip: staticIp ?? "", netmask: "", gateway: "", dns: [], cloudProperties: {} };
  const { ip, subnet } =
    staticIp === undefined
      ? (keepCurrent(network, holder.az, current) ?? findLowestFree(director, network, holder))
      : findStatic(director, network, staticIp, holder);
  director.slot.value.addresses.set(ip, { deployment: holder.deployment, instance: holder.instance });
  const { netmask, gateway, dns, cloudProperties } = subnet;
  return { ...common, ip, netmask, gateway, dns, cloudProperties };
}

/** Whether an instance keeps its address, which it does while its network still hands it out: not from a range that has become static. */
function keepCurrent(network: Network, az: string, ip: string | undefined): AddressChoice | undefined {
  if (ip === undefined) return undefined;
  const subnet = network.subnets.find(
    (each) => containsAddress(each, ip) && (each.azs.length === 0 || each.azs.includes(az)),
  );
  if (subnet === undefined) return undefined;
  const value = parseIpv4(ip);
  return subnet.taken.some(([from, to]) => value >= from && value <= to) ? undefined : { ip, subnet };
}

/** Frees an address, unless an orphaned VM still holds it. */
export function releaseAddress(director: Director, ip: string): void {
  const { addresses, addressHints, orphanVms } = director.slot.value;
  for (const { ips } of orphanVms.values()) if (ips.includes(ip)) return;
  addresses.delete(ip);
  const value = parseIpv4(ip);
  for (const [key, hint] of addressHints) {
    const first = Number(key.slice(key.lastIndexOf("/") + 1));
    if (value >= first && value < hint) addressHints.set(key, value);
  }
}

/** Frees all addresses of an instance. */
export function releaseAddresses(director: Director, instance: Instance): void {
  for (const ip of [...instance.ips.map((each) => each.ip), ...instance.pendingIps]) releaseAddress(director, ip);
  instance.ips = [];
  instance.pendingIps = [];
}

/** Reserves the addresses of one instance. @throws DirectorError 130008, 130010, 130011 */
export function reserveAddresses(
  director: Director,
  plan: DeployPlan,
  { group, instances }: PlannedGroup,
  instance: Instance,
): VmNetwork[] {
  const title = `${instance.group}/${instance.id} (${instance.index})`;
  const holder = {
    deployment: instance.deployment,
    instance: `${instance.group}/${instance.id}`,
    title,
    az: instance.az,
  };
  const at = [...instances].sort((a, b) => a.index - b.index).indexOf(instance);
  for (const ip of instance.pendingIps) releaseAddress(director, ip);
  const networks = group.networks.map(({ name, staticIps }) => {
    const current = instance.ips.find((each) => each.network === name)?.ip;
    return reserveAddress(director, requireNetwork(plan, name), holder, staticIps[at], current);
  });
  const own = new Set(instance.ips.map(({ ip }) => ip));
  instance.pendingIps = networks.map(({ ip }) => ip).filter((ip) => ip !== "" && !own.has(ip));
  return networks;
}

/** @throws Error when the manifest was not checked: its networks are in the cloud config */
function requireNetwork({ config }: DeployPlan, name: string): Network {
  const network = config.networks.get(name);
  if (network === undefined) throw new Error(`the cloud config has no network '${name}'`);
  return network;
}
