import { DirectorError } from "../wire/errors.ts";
import type { Instance } from "../state/deployments.ts";
import type { InstanceGroup } from "./manifest.ts";
import type { AddedInstance, KeptInstance } from "./plan.ts";

/** Static addresses of an instance, by network. */
export type StaticIps = ReadonlyMap<string, string>;

/** A planned instance in its zone, existing or new. The zone is empty if there is none. */
export interface Place {
  readonly az: string;
  readonly instance: Instance | undefined;
  readonly ips: StaticIps;
}

const NO_IPS: StaticIps = new Map();

/**
 * Spreads a group's instances over its zones as evenly as possible (availability_zone_picker.rb and balancer.rb in bosh-director):
 * ignored ones and those with a disk stay where they are; zones that already have instances come first. A
 * group without zones counts as having one with an empty name.
 *
 * @throws DirectorError 190020
 */
export function spreadOverZones(group: InstanceGroup, existing: readonly Instance[]): readonly Place[] {
  checkIgnored(group, existing);
  const named = group.azs.length === 0 ? [""] : group.azs;
  const left = existing.toSorted((a, b) => a.index - b.index);
  const countIn = (az: string): number => left.filter((each) => each.az === az).length;
  const counts = new Map(named.toSorted((a, b) => countIn(b) - countIn(a)).map((az) => [az, 0]));
  const places: Place[] = [];
  const place = (az: string, instance: Instance | undefined): void => {
    counts.set(az, (counts.get(az) ?? 0) + 1);
    if (instance !== undefined) left.splice(left.indexOf(instance), 1);
    places.push({ az, instance, ips: NO_IPS });
  };
  const staying = [
    ...left.filter(({ ignore }) => ignore),
    ...left.filter(({ ignore, disk }) => !ignore && disk !== null && group.azs.length > 0),
  ];
  for (const instance of staying)
    if (places.length < group.instances && counts.has(instance.az)) place(instance.az, instance);
  while (places.length < group.instances) {
    const az = leastUsed(counts, left);
    place(
      az,
      left.find((each) => each.az === az),
    );
  }
  return places;
}

/** The zone with the fewest instances; among several, one with candidates left, or the first by name. */
function leastUsed(counts: ReadonlyMap<string, number>, left: readonly Instance[]): string {
  const least = Math.min(...counts.values());
  const candidates = [...counts].filter(([, count]) => count === least).map(([az]) => az);
  return candidates.find((az) => left.some((each) => each.az === az)) ?? candidates.toSorted()[0] ?? "";
}

/** @throws DirectorError 190020 */
function checkIgnored(group: InstanceGroup, existing: readonly Instance[]): void {
  const ignored = existing.filter(({ ignore }) => ignore);
  const [first] = ignored;
  if (first === undefined) return;
  checkIgnoredNetworks(group, ignored);
  if (ignored.length > group.instances)
    throw new DirectorError(
      190020,
      `Instance Group '${first.group}' has ${ignored.length} ignored instance(s). ${group.instances} instance(s) of that instance group were requested. Deleting ignored instances is not allowed.`,
    );
  const lost = [...new Set(ignored.map(({ az }) => az).filter((az) => az !== "" && !group.azs.includes(az)))];
  if (lost.length > 0)
    throw new DirectorError(
      190020,
      `Instance Group '${first.group}' no longer contains AZs [${lost.map((az) => `"${az}"`).join(", ")}] where ignored instance(s) exist.`,
    );
}

/** @throws DirectorError 190020 */
export function checkIgnoredNetworks(group: InstanceGroup, ignored: readonly Instance[]): void {
  const wanted = [...new Set(group.networks.map(({ name }) => name))].toSorted().join();
  for (const instance of ignored)
    if ([...new Set(instance.ips.map(({ network }) => network))].toSorted().join() !== wanted)
      throw new DirectorError(
        190020,
        `In instance group '${instance.group}', which contains ignored vms, an attempt was made to modify the networks. This operation is not allowed.`,
      );
}

/**
 * The index of a group's bootstrap instance: that of the current one, otherwise the lowest. Undefined if
 * there are no instances.
 */
export function findBootstrap(kept: readonly KeptInstance[], added: readonly AddedInstance[]): number | undefined {
  const elected = kept.filter(({ instance }) => instance.bootstrap);
  const indexes = (elected.length > 0 ? elected : [...kept, ...added]).map(({ index }) => index);
  return indexes.length === 0 ? undefined : Math.min(...indexes);
}
