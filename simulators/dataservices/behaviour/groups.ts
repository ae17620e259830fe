import { type Cluster, newCluster, primaryOf, withMember, withoutMember } from "../cluster/cluster.ts";
import { type Group, groupOf, type Instance } from "../state.ts";
import type { DataServices } from "./services.ts";
import { membersOf } from "./replication.ts";

/** A group by its key, as `groupOf` makes it. */
export interface GroupName {
  readonly deployment: string;
  readonly kind: Instance["kind"];
}

/** Makes a node a member of its group, which comes into being with the first one. */
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

/** Takes the node of a disk that is gone for good out of its group. Answers with the groups that changed. */
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

/** The member of a group with this index; undefined while it has no VM that runs it. */
export const memberAt = (services: DataServices, name: GroupName, index: number): Instance | undefined =>
  membersOf(services, name).find((each) => each.index === index && each.state === "running");

/**
 * Makes what a supervisor decided the state of the group, and tells the journal and the observers of a new primary, and how long there
 * was none.
 */
export function adopt(services: DataServices, name: GroupName, group: Group, cluster: Cluster): void {
  const { kernel } = services;
  const before = primaryOf(group.cluster);
  const { term } = group.cluster;
  group.cluster = cluster;
  if (cluster.term !== term) {
    group.lostAtMs ??= kernel.nowMs;
    kernel.record("dataservices", "primary.lost", `${name.deployment}/${name.kind}`, { term: cluster.term });
  }
  const primary = primaryOf(cluster);
  if (primary === undefined || primary === before) return;
  const address = memberAt(services, name, primary)?.address ?? "";
  group.lastGapMs = kernel.nowMs - (group.lostAtMs ?? kernel.nowMs);
  group.lostAtMs = undefined;
  kernel.record("dataservices", "primary.promoted", address, {
    ...name,
    index: primary,
    term: cluster.term,
    withoutPrimaryMs: group.lastGapMs,
  });
  services.onPrimaryMoved(name.deployment, name.kind);
}
