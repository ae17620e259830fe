import type { Stemcell } from "../state/artifacts.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { DirectorState } from "../state/index.ts";
import type { InstanceGroup, JobSpec } from "./manifest.ts";
import type { ResolvedManifest } from "./references.ts";
import { findBootstrap, spreadOverZones, type StaticIps } from "./spread.ts";
import { hasStaticIps, placeOnStaticIps } from "./static-ips.ts";
import { resolveStemcell } from "./stemcells.ts";
import { checkMigrations } from "./migrations.ts";

/** An instance that stays. Its index changes only where it migrates from another group. */
export interface KeptInstance {
  readonly instance: Instance;
  readonly index: number;
  readonly az: string;
  readonly ips: StaticIps;
}

/** An instance to create. */
export interface AddedInstance {
  readonly az: string;
  readonly index: number;
  readonly ips: StaticIps;
}

/** The plan of one instance group. */
export interface GroupPlan {
  readonly group: InstanceGroup;
  /** The group's own jobs, then those of the addons that include it. */
  readonly jobs: readonly JobSpec[];
  readonly stemcell: Stemcell;
  readonly kept: readonly KeptInstance[];
  readonly added: readonly AddedInstance[];
  /** The index of the bootstrap instance; undefined if the group has no instances. */
  readonly bootstrapIndex: number | undefined;
  /** Existing instances that the group no longer has room for: zone by zone, the highest index first. */
  readonly unneeded: readonly Instance[];
}

/**
 * The plan of a deploy: what it would do with the instances of the deployment. A value; nothing has been
 * changed yet.
 */
export interface Plan extends ResolvedManifest {
  readonly stemcells: readonly Stemcell[];
  readonly groups: readonly GroupPlan[];
  /** Instances of groups that the manifest no longer has. */
  readonly removed: readonly Instance[];
}

/**
 * Chooses for each group which instances stay, come and go. Pure: a function of the director's records, the
 * existing deployment and the manifest.
 *
 * @throws DirectorError 50003 if a stemcell is missing, 190018, and those of the placement
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
    checkMigrations(group, manifest, instances);
    const existing = instances.filter((each) => isOfGroup(group, each) && !used.has(each));
    const plan = planGroup(group, resolved, requireStemcell(stemcells, group), existing);
    for (const { instance } of plan.kept) used.add(instance);
    groups.push(plan);
  }
  for (const { unneeded } of groups) for (const each of unneeded) used.add(each);
  const removed = instances.filter((each) => !used.has(each));
  return { ...resolved, stemcells: [...new Set(stemcells.values())], groups, removed };
}

const isOfGroup = (group: InstanceGroup, instance: Instance): boolean =>
  instance.group === group.name || group.migratedFrom.some(({ name }) => name === instance.group);

/** @throws Error when the manifest was not checked: its groups name stemcells by their aliases */
function requireStemcell(stemcells: ReadonlyMap<string, Stemcell>, { stemcell }: InstanceGroup): Stemcell {
  const found = stemcells.get(stemcell);
  if (found === undefined) throw new Error(`the manifest has no stemcell '${stemcell}'`);
  return found;
}

function planGroup(
  group: InstanceGroup,
  { config }: ResolvedManifest,
  stemcell: Stemcell,
  instances: readonly Instance[],
): GroupPlan {
  const existing = instances.map((instance) => ({ ...instance, az: zoneOf(group, instance) }));
  const original = new Map(existing.map((copy, at) => [copy.id, instances[at]]));
  const places = hasStaticIps(group, config)
    ? placeOnStaticIps(group, existing, config)
    : spreadOverZones(group, existing);
  const nextIndex = indexSource(existing.filter((each) => each.group === group.name));
  const kept: KeptInstance[] = [];
  const added: AddedInstance[] = [];
  for (const { instance, az, ips } of places) {
    const own = instance === undefined ? undefined : original.get(instance.id);
    const index = own !== undefined && own.group === group.name ? own.index : nextIndex();
    if (own === undefined) added.push({ az, index, ips });
    else kept.push({ instance: own, index, az, ips });
  }
  const staying = new Set(kept.map(({ instance }) => instance));
  const unneeded = instances.filter((each) => !staying.has(each)).sort((a, b) => compareForRemoval(group, a, b));
  const { jobs } = group;
  return { group, jobs, stemcell, kept, added, bootstrapIndex: findBootstrap(kept, added), unneeded };
}

/** The zone of an instance; for one that migrates from a group without zones, the zone that the manifest states. */
const zoneOf = ({ migratedFrom }: InstanceGroup, { az, group }: Instance): string =>
  az === "" ? (migratedFrom.find(({ name }) => name === group)?.az ?? "") : az;

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
