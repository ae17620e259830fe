import type { Instance } from "../state/deployments.ts";
import type { InstanceGroup } from "./manifest.ts";
import type { AddedInstance, KeptInstance } from "./plan.ts";

/** Which instances a group keeps, and the zone of each one it lacks. */
interface Spread {
  readonly kept: readonly Instance[];
  readonly fresh: readonly string[];
}

/**
 * Spreads a group's instances over its zones as evenly as possible; zones that already have instances come first and keep them. A group
 * without zones has one without a name.
 */
export function spreadOverZones(group: InstanceGroup, existing: readonly Instance[]): Spread {
  const zones = group.azs.length === 0 ? [""] : group.azs;
  const unplaced = new Map(zones.map((az) => [az, existing.filter((each) => each.az === az)]));
  const unplacedIn = (az: string): number => unplaced.get(az)?.length ?? 0;
  const counts = new Map(zones.map((az) => [az, 0]));
  const [kept, fresh]: [Instance[], string[]] = [[], []];
  for (let missing = group.instances; missing > 0; missing--) {
    const least = Math.min(...counts.values());
    const candidates = zones.filter((az) => counts.get(az) === least);
    const az = candidates.reduce((best, each) => (unplacedIn(each) > unplacedIn(best) ? each : best));
    counts.set(az, least + 1);
    const instance = unplaced.get(az)?.shift();
    if (instance === undefined) fresh.push(az);
    else kept.push(instance);
  }
  return { kept, fresh };
}

/** The index of a group's bootstrap instance: that of the present one, else the lowest. Undefined where there are no instances. */
export function findBootstrap(kept: readonly KeptInstance[], added: readonly AddedInstance[]): number | undefined {
  const elected = kept.filter(({ instance }) => instance.bootstrap);
  const indexes = (elected.length > 0 ? elected : [...kept, ...added]).map(({ index }) => index);
  return indexes.length === 0 ? undefined : Math.min(...indexes);
}
