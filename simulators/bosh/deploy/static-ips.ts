import type { CloudConfig } from "../configs/cloud-config.ts";
import { includesRange, parseIp } from "../configs/ip-ranges.ts";
import type { Instance } from "../state/deployments.ts";
import { DirectorError } from "../wire/errors.ts";
import type { InstanceGroup } from "./manifest.ts";
import { checkIgnoredNetworks, type Place } from "./spread.ts";

/*
 * Places the instances of a group with static addresses in the zones of those addresses
 * (static_ips_availability_zone_picker.rb and networks_to_static_ips.rb in bosh-director).
 */

/** A static address, and the zones of the group in which it can be used; an empty name stands for no zone. */
interface Address {
  readonly network: string;
  readonly ip: string;
  azs: readonly string[];
  isTaken: boolean;
}

const UNDISTRIBUTED = 130010;

/** Whether any network of the group has static addresses. */
export const hasStaticIps = (group: InstanceGroup, { networks }: CloudConfig): boolean =>
  group.networks.some(({ name, staticIps }) => staticIps !== undefined && networks.get(name)?.type !== "vip");

/** @throws DirectorError 130010, 140016, 150002, 150007, 190020 */
export function placeOnStaticIps(
  group: InstanceGroup,
  existing: readonly Instance[],
  config: CloudConfig,
): readonly Place[] {
  const addresses = addressesOf(group, config);
  checkZones(group, addresses);
  checkIgnoredNetworks(
    group,
    existing.filter(({ ignore }) => ignore),
  );
  const picker = new Picker(group, addresses);
  for (const instance of existing.toSorted((a, b) => a.index - b.index)) picker.keepByAddress(instance);
  for (const instance of existing.toSorted((a, b) => a.index - b.index)) picker.keepByZone(instance);
  picker.complete();
  return picker.places();
}

/** @throws DirectorError 150002 */
function addressesOf(group: InstanceGroup, { networks }: CloudConfig): readonly Address[] {
  const wanted = group.azs.length === 0 ? [""] : group.azs;
  return group.networks.flatMap(({ name, staticIps = [] }) => {
    const network = networks.get(name);
    if (network === undefined || network.type === "vip") return [];
    return staticIps.map((ip) => {
      const subnet = network.subnets.find(({ statics }) => statics.some((each) => includesRange(each, parseIp(ip))));
      if (subnet === undefined)
        throw new DirectorError(
          150002,
          `Instance group '${group.name}' with network '${name}' declares static ip '${ip}/${parseIp(ip).prefix}', which belongs to no subnet`,
        );
      const azs = (subnet.azs.length === 0 ? [""] : subnet.azs).filter((az) => wanted.includes(az));
      return { network: name, ip, azs, isTaken: false };
    });
  });
}

/** @throws DirectorError 140016, 150007 */
function checkZones(group: InstanceGroup, addresses: readonly Address[]): void {
  const outside = addresses.find(({ azs }) => azs.length === 0);
  if (outside === undefined) return;
  if (group.azs.length === 0)
    throw new DirectorError(
      140016,
      `Instance group '${group.name}' subnets declare availability zones and the instance group does not`,
    );
  throw new DirectorError(
    150007,
    `Instance group '${group.name}' declares static ip '${outside.ip}/${parseIp(outside.ip).prefix}' which does not belong to any of the instance group's availability zones.`,
  );
}

/** Gives addresses to existing instances first, then to new ones. */
class Picker {
  readonly #group: InstanceGroup;
  readonly #addresses: Address[];
  readonly #networks: readonly string[];
  readonly #placed: { az: string; instance: Instance | undefined; ips: Map<string, string> }[] = [];

  constructor(group: InstanceGroup, addresses: readonly Address[]) {
    this.#group = group;
    this.#addresses = [...addresses];
    this.#networks = [...new Set(addresses.map(({ network }) => network))];
  }

  /** An instance that has one of the addresses keeps it. @throws DirectorError 130010 */
  keepByAddress(instance: Instance): void {
    const own = this.#addresses.filter((each) => instance.ips.some(({ ip }) => ip === each.ip));
    const [first] = own;
    if (first === undefined) return;
    if (this.#isFull()) {
      for (const each of own) this.#addresses.splice(this.#addresses.indexOf(each), 1);
      return;
    }
    if (!first.azs.includes(instance.az))
      throw new DirectorError(
        UNDISTRIBUTED,
        `Existing instance '${instance.group}/${instance.index}' is using IP '${first.ip}/${parseIp(first.ip).prefix}' in availability zone '${instance.az}'`,
      );
    const place = { az: instance.az, instance, ips: new Map<string, string>() };
    for (const each of own)
      if (!place.ips.has(each.network) && each.azs.includes(instance.az)) claim(place, each, instance.az);
    this.#placed.push(place);
  }

  /** An instance without any of the addresses takes free ones of its zone, on every network. */
  keepByZone(instance: Instance): void {
    if (this.#isFull() || this.#placed.some((each) => each.instance === instance)) return;
    const free = this.#networks.map((network) => this.#findFree(network, instance.az));
    if (free.includes(undefined)) return;
    const place = { az: instance.az, instance, ips: new Map<string, string>() };
    for (const each of free) if (each !== undefined) claim(place, each, instance.az);
    this.#placed.push(place);
  }

  /** Places the instances that are still missing. @throws DirectorError 130010, 150002 */
  complete(): void {
    for (const place of this.#placed) this.#fill(place);
    this.#distribute();
    while (!this.#isFull()) {
      const [first = ""] = this.#networks;
      const next = this.#addresses.find((each) => each.network === first && !each.isTaken);
      if (next === undefined) throw distributionError();
      const place = { az: this.#leastUsed(next.azs), instance: undefined, ips: new Map<string, string>() };
      claim(place, next, place.az);
      this.#fill(place);
      this.#placed.push(place);
    }
  }

  places(): readonly Place[] {
    return this.#placed;
  }

  #isFull(): boolean {
    return this.#placed.length >= this.#group.instances;
  }

  #fill(place: { az: string; ips: Map<string, string> }): void {
    for (const network of this.#networks) {
      if (place.ips.has(network)) continue;
      const free = this.#findFree(network, place.az);
      if (free === undefined) throw distributionError();
      claim(place, free, place.az);
    }
  }

  #findFree(network: string, az: string): Address | undefined {
    return this.#addresses.find((each) => each.network === network && !each.isTaken && each.azs.includes(az));
  }

  #leastUsed(azs: readonly string[]): string {
    const count = (az: string): number => this.#placed.filter((each) => each.az === az).length;
    return azs.toSorted((a, b) => count(a) - count(b))[0] ?? "";
  }

  /**
   * Addresses that several zones could use go to the zone with the fewest; every network must have the same distribution.
   *
   * @throws DirectorError 150002
   */
  #distribute(): void {
    const perNetwork = this.#networks.map((network) => {
      const counts = new Map<string, number>();
      for (const each of this.#addresses.filter((address) => address.network === network)) {
        const az = each.azs.toSorted((a, b) => (counts.get(a) ?? 0) - (counts.get(b) ?? 0))[0] ?? "";
        each.azs = [az];
        counts.set(az, (counts.get(az) ?? 0) + 1);
      }
      return JSON.stringify([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
    });
    if (new Set(perNetwork).size > 1)
      throw new DirectorError(
        150002,
        `Failed to evenly distribute static IPs between zones for instance group '${this.#group.name}'`,
      );
  }
}

function claim(place: { ips: Map<string, string> }, address: Address, az: string): void {
  address.isTaken = true;
  address.azs = [az];
  place.ips.set(address.network, address.ip);
}

const distributionError = (): DirectorError =>
  new DirectorError(UNDISTRIBUTED, "Failed to distribute static IPs to satisfy existing instance reservations");
