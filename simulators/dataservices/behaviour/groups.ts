import { type Cluster, newCluster, primaryOf, withMember, withoutMember } from "../cluster/cluster.ts";
import { type Group, groupOf, type Instance } from "../state.ts";
import type { DataServices } from "./services.ts";
import { membersOf } from "./replication.ts";

/** A group by its key, as `groupOf` makes it. */
export interface GroupName {
  readonly deployment: string;
  readonly kind: Instance["kind"];
}

/** The decision of a supervisor of real servers. */
export interface Supervised {
  readonly name: GroupName;
  readonly cluster: Cluster;
  /** This look saw no primary. */
  readonly isLost: boolean;
}

/** Tells the kernel how decisions about real servers become the state of the world; returns the function that sends them. */
export function defineSupervised(services: DataServices): (change: Supervised) => void {
  const { kernel, slot } = services;
  return kernel.onInput("dataservices.supervised", ({ name, cluster, isLost }: Supervised) => {
    const group = slot.value.clusters.get(groupOf(name));
    if (group === undefined) return;
    for (const member of membersOf(services, name)) {
      const role = primaryOf(cluster) === member.index ? "primary" : "replica";
      if (role !== member.role) slot.value.instances.set(member.address, { ...member, role });
    }
    adopt(services, { name, cluster, isLost });
  });
}

/** The group has no primary from now on, unless it had none before. */
export const noteLoss = (group: Group, nowMs: number): void => void (group.lostAtMs ??= nowMs);

/** Makes a node a member of its group, which is created with the first one. */
export function enroll({ slot }: DataServices, { deployment, kind, index, disk }: Instance): Group {
  const { clusters } = slot.value;
  const key = groupOf({ deployment, kind });
  let group = clusters.get(key);
  if (group === undefined) {
    group = {
      cluster: newCluster(index),
      disks: new Map(),
      lostAtMs: undefined,
      lastGapMs: undefined,
      isWatched: false,
    };
    clusters.set(key, group);
  }
  group.cluster = withMember(group.cluster, index);
  group.disks.set(index, disk);
  return group;
}

/** Removes the node of a disk that is gone forever from its group. Returns the groups that changed. */
export function expel({ slot }: DataServices, disk: string): readonly string[] {
  const { clusters } = slot.value;
  const changed: string[] = [];
  for (const [key, group] of clusters) {
    const [index] = [...group.disks].find(([, each]) => each === disk) ?? [];
    if (index === undefined) continue;
    group.disks.delete(index);
    const left = withoutMember(group.cluster, index);
    if (left === undefined) clusters.delete(key);
    else group.cluster = left;
    changed.push(key);
  }
  return changed;
}

/** The record of a group; undefined if there is none. */
export const clusterOf = ({ slot }: DataServices, name: GroupName): Cluster | undefined =>
  slot.value.clusters.get(groupOf(name))?.cluster;

/** The member of a group with this index; undefined while it has no VM that runs it. */
export const memberAt = (services: DataServices, name: GroupName, index: number): Instance | undefined =>
  membersOf(services, name).find((each) => each.index === index && each.state === "running");

/**
 * Makes a supervisor's decision the state of the group. The journal records when a group loses its primary, and for how long it had none; the
 * observers learn where the primary is now.
 */
export function adopt(services: DataServices, { name, cluster, isLost }: Supervised): void {
  const { kernel, slot } = services;
  const group = slot.value.clusters.get(groupOf(name));
  if (group === undefined) return;
  const { term, leader } = group.cluster;
  const subject = groupOf(name);
  group.cluster = cluster;
  if (isLost) noteLoss(group, kernel.nowMs);
  if (cluster.term !== term)
    kernel.record("dataservices", "primary.lost", subject, { term: cluster.term, from: leader, to: cluster.leader });
  const primary = primaryOf(cluster);
  if (isLost || primary === undefined || group.lostAtMs === undefined) return;
  const address = memberAt(services, name, primary)?.address ?? "";
  group.lastGapMs = kernel.nowMs - group.lostAtMs;
  group.lostAtMs = undefined;
  kernel.record("dataservices", "primary.up", subject, {
    address,
    term: cluster.term,
    withoutPrimaryMs: group.lastGapMs,
  });
  services.onPrimaryMoved(name.deployment, name.kind);
}
