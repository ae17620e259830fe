import type { Stemcell } from "../state/artifacts.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { DirectorState } from "../state/index.ts";
import { jobsWithAddons } from "./addons.ts";
import type { InstanceGroup, JobSpec } from "./manifest.ts";
import type { ResolvedManifest } from "./references.ts";
import { findBootstrap, spreadOverZones } from "./spread.ts";
import { resolveStemcell } from "./stemcells.ts";

/** An instance that stays. Its index changes only where it migrates from another group. */
export interface KeptInstance {
  readonly instance: Instance;
  readonly index: number;
}

/** An instance that is to be made. */
export interface AddedInstance {
  readonly az: string;
  readonly index: number;
}

/** What becomes of one instance group. */
export interface GroupPlan {
  readonly group: InstanceGroup;
  /** The group's own jobs, then those of the addons that include it. */
  readonly jobs: readonly JobSpec[];
  readonly stemcell: Stemcell;
  readonly kept: readonly KeptInstance[];
  readonly added: readonly AddedInstance[];
  /** The index of the bootstrap instance; undefined where the group has no instances. */
  readonly bootstrapIndex: number | undefined;
  /** Existing instances that the group no longer has room for: zone by zone, the highest index first. */
  readonly unneeded: readonly Instance[];
}

/** What a deploy would do with the instances of a deployment: a value, for which nothing has been changed. */
export interface Plan extends ResolvedManifest {
  readonly stemcells: readonly Stemcell[];
  readonly groups: readonly GroupPlan[];
  /** Instances of groups that the manifest no longer has. */
  readonly removed: readonly Instance[];
}

/**
 * Chooses for each group which instances stay, come and go. Pure: a function of what the director knows, of the deployment as it is
 * and of the manifest.
 *
 * @throws DirectorError 50003 where a stemcell is missing
 */
export function planInstances(
  state: Pick<DirectorState, "stemcells">,
  { instances }: Pick<Deployment, "instances">,
  resolved: ResolvedManifest,
): Plan {
  const { manifest } = resolved;
  const stemcells = new Map(manifest.stemcells.map((each) => [each.alias, resolveStemcell(state, each)]));
  const groups: GroupPlan[] = [];
  const used = new Set<Instance>();
  for (const group of manifest.groups) {
    const existing = instances.filter((each) => isOfGroup(group, each) && !used.has(each));
    const plan = planGroup(group, jobsWithAddons(group, manifest), requireStemcell(stemcells, group), existing);
    for (const { instance } of plan.kept) used.add(instance);
    groups.push(plan);
  }
  for (const { unneeded } of groups) for (const each of unneeded) used.add(each);
  const removed = instances.filter((each) => !used.has(each));
  return { ...resolved, stemcells: [...new Set(stemcells.values())], groups, removed };
}

const isOfGroup = (group: InstanceGroup, instance: Instance): boolean =>
  instance.group === group.name || group.migratedFrom.includes(instance.group);

/** @throws Error when the manifest was not checked: its groups name stemcells by their aliases */
function requireStemcell(stemcells: ReadonlyMap<string, Stemcell>, { stemcell }: InstanceGroup): Stemcell {
  const found = stemcells.get(stemcell);
  if (found === undefined) throw new Error(`the manifest has no stemcell '${stemcell}'`);
  return found;
}

function planGroup(
  group: InstanceGroup,
  jobs: readonly JobSpec[],
  stemcell: Stemcell,
  instances: readonly Instance[],
): GroupPlan {
  const existing = [...instances].sort((a, b) => a.index - b.index);
  const { kept: staying, fresh } = spreadOverZones(group, existing);
  const nextIndex = indexSource(existing.filter((each) => each.group === group.name));
  const kept = staying.map((instance) => ({
    instance,
    index: instance.group === group.name ? instance.index : nextIndex(),
  }));
  const added = fresh.map((az) => ({ az, index: nextIndex() }));
  const unneeded = existing.filter((each) => !staying.includes(each)).sort((a, b) => compareForRemoval(group, a, b));
  return { group, jobs, stemcell, kept, added, bootstrapIndex: findBootstrap(kept, added), unneeded };
}

/** Yields the free indexes, lowest first. */
function indexSource(instances: readonly Instance[]): () => number {
  const taken = new Set(instances.map(({ index }) => index));
  return () => {
    let index = 0;
    while (taken.has(index)) index++;
    taken.add(index);
    return index;
  };
}

const compareForRemoval = (group: InstanceGroup, a: Instance, b: Instance): number =>
  group.azs.indexOf(a.az) - group.azs.indexOf(b.az) || b.index - a.index;
