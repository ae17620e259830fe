import type { Instance } from "../state/deployments.ts";
import type { InstanceGroup } from "./manifest-types.ts";

/** Spreads the wanted number over the zones as evenly as it goes, with as many existing instances as possible. */
export function spreadOverZones(
  group: InstanceGroup,
  existing: readonly Instance[],
): { kept: Instance[]; fresh: string[] } {
  const zones = group.azs.length === 0 ? [""] : group.azs;
  const unplaced = new Map(zones.map((az) => [az, existing.filter((each) => each.az === az)]));
  const counts = new Map(zones.map((az) => [az, 0]));
  const [kept, fresh]: [Instance[], string[]] = [[], []];
  for (let wanted = group.instances; wanted > 0; wanted--) {
    const least = Math.min(...counts.values());
    const candidates = zones.filter((az) => counts.get(az) === least);
    const az = candidates.reduce((best, each) => (sizeOf(unplaced, each) > sizeOf(unplaced, best) ? each : best));
    counts.set(az, least + 1);
    const instance = unplaced.get(az)?.shift();
    if (instance === undefined) fresh.push(az);
    else kept.push(instance);
  }
  return { kept, fresh };
}

const sizeOf = (groups: ReadonlyMap<string, readonly Instance[]>, az: string): number => groups.get(az)?.length ?? 0;

/** One instance of a group is its bootstrap instance; it stays so while it lives. */
export function electBootstrap(instances: readonly Instance[]): void {
  const byIndex = [...instances].sort((a, b) => a.index - b.index);
  const elected = byIndex.find(({ bootstrap }) => bootstrap) ?? byIndex[0];
  for (const instance of instances) instance.bootstrap = instance === elected;
}
