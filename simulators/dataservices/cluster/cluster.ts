/*
 * A group of nodes that hold the same data, as its supervisor knows it: one primary, and replicas that follow
 * it. This room is the same for every kind of data service and for both data planes: plain data, and pure
 * functions on it.
 *
 * The promise: a write that was acknowledged while the group was synchronous is never lost, however many nodes die, as long as
 * their disks live. It rests on `voters`: the nodes that may have been the only one to confirm a write. With each commit, the primary waits for one of them (`ANY 1 (…)`), so only the furthest of *all* voters is sure to hold every acknowledged write, and no node is promoted before the positions of all of them are known. A node becomes a voter before the primary waits for it, and stops
 * being one only after the primary has stopped waiting for it and another voter has everything that was acknowledged until then.
 */

/** A node's role in its group. */
export type Phase =
  /** It serves writes; at most one node at a time. */
  | "primary"
  /** It was chosen to be the primary, but isn't yet. It serves nobody. */
  | "promoting"
  /** It follows the primary and serves reads. */
  | "replica"
  /** It holds data of this term, and is on its way to follow the primary. It serves nobody. */
  | "rejoining"
  /** Its data may have left the common history, so it serves nobody until it is a copy of the primary again. */
  | "fenced";

/** One node of a group, by its index in the deployment. */
export interface Member {
  readonly phase: Phase;
  /** How many looks in a row contradicted its phase. */
  readonly missed: number;
  /** A fenced node was stopped when a copy was ordered: if it runs, it runs on the copy. */
  readonly isCopying?: true;
}

/** A voter that is gone and should leave the voters. */
interface Leaving {
  readonly index: number;
  /** The primary's position when it no longer waited for the voter; undefined until that is known. */
  readonly position: number | undefined;
}

/** A group as its supervisor knows it. */
export interface Cluster {
  /** Promotions so far. */
  readonly term: number;
  /** The index of the primary, or of the node that is being promoted. */
  readonly leader: number;
  /** The known position of the leader when it was chosen; 0 for the first. */
  readonly electedAt: number;
  readonly members: ReadonlyMap<number, Member>;
  /** The nodes that may have been the only one to confirm an acknowledged write. Empty while the group is not synchronous yet. */
  readonly voters: readonly number[];
  readonly leaving: Leaving | undefined;
}

/** A node, as seen at one look. */
export type Sight =
  /** It has no VM, or its VM does not run the job. */
  | { readonly is: "absent" }
  /** It has no process left. */
  | { readonly is: "stopped"; readonly hasData: boolean }
  /** It has processes, but does not answer. */
  | { readonly is: "silent" }
  /** It is becoming a copy of the primary. */
  | { readonly is: "cloning" }
  | {
      readonly is: "primary";
      /** How far its history goes. Positions within one term can be compared; so can those of nodes that followed from one term to the next. */
      readonly position: number;
      /** The nodes for which its commits wait. */
      readonly waitsFor: readonly number[];
      /** The nodes that follow it without a gap. */
      readonly followers: readonly number[];
    }
  | {
      readonly is: "replica";
      readonly position: number /** The node that it follows. */;
      readonly follows: number | null;
    };

/** The actions of a supervisor. Each may be repeated, and the next look shows its result. */
export type Action =
  /** Ends every process of the node, and returns only when none is left. */
  | { readonly do: "fence"; readonly node: number }
  /** Starts a node on the data that it has. */
  | { readonly do: "start"; readonly node: number; readonly as: "primary" | "replica" }
  /** Makes a replica the primary. From the first one on, its commits wait for one of the voters. */
  | { readonly do: "promote"; readonly node: number; readonly voters: readonly number[] }
  | { readonly do: "follow"; readonly node: number; readonly primary: number }
  /** Makes the node a copy of the primary and starts it as a replica. It may continue beyond the next look. */
  | { readonly do: "clone"; readonly node: number; readonly primary: number }
  /** Makes commits of the primary wait for one of these; for none if the list is empty. */
  | { readonly do: "wait-for"; readonly node: number; readonly voters: readonly number[] }
  /** Drops the log that the primary keeps for a node that is not coming back soon. */
  | { readonly do: "forget"; readonly node: number; readonly primary: number };

/** The result of a look. */
export interface Decision {
  readonly cluster: Cluster;
  readonly actions: readonly Action[];
}

/** A group with its first node. */
export const newCluster = (index: number): Cluster => ({
  term: 0,
  leader: index,
  electedAt: 0,
  members: new Map([[index, { phase: "primary", missed: 0 }]]),
  voters: [],
  leaving: undefined,
});

/** The group with a further node, which is not a copy yet. */
export const withMember = (cluster: Cluster, index: number): Cluster =>
  cluster.members.has(index)
    ? cluster
    : { ...cluster, members: new Map([...cluster.members, [index, { phase: "fenced", missed: 0 }]]) };

/** The group without a node that has lost its disk forever; undefined if it was the last. */
export function withoutMember(cluster: Cluster, index: number): Cluster | undefined {
  const members = new Map([...cluster.members].filter(([each]) => each !== index));
  if (members.size === 0) return undefined;
  const leaving = cluster.leaving?.index === index ? undefined : cluster.leaving;
  const voters = cluster.voters.filter((each) => each !== index);
  const left: Cluster = { ...cluster, members, leaving, voters };
  if (index !== cluster.leader || voters.length > 0) return left;
  // The others hold nothing that was ever promised, so the first of them starts afresh.
  const first = Math.min(...members.keys());
  return { ...left, leader: first, members: new Map(members).set(first, { phase: "primary", missed: 0 }) };
}

/** The phase of a node; `fenced` for one that the group does not know. */
export const phaseOf = ({ members }: Cluster, index: number): Phase => members.get(index)?.phase ?? "fenced";

/** Whether the data of a running node may have left the common history. */
export function mayDiffer({ members }: Cluster, index: number): boolean {
  const member = members.get(index);
  return member === undefined || (member.phase === "fenced" && member.isCopying !== true);
}

/** The node that serves writes; undefined while there is none. */
export const primaryOf = (cluster: Cluster): number | undefined =>
  phaseOf(cluster, cluster.leader) === "primary" ? cluster.leader : undefined;
