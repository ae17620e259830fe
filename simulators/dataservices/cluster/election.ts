import { type Cluster, type Decision, type Member, mayDiffer, type Sight } from "./cluster.ts";

interface Candidate {
  readonly index: number;
  readonly position: number;
}

/** A node with a known position in the common history. */
function candidateOf(cluster: Cluster, index: number, sight: Sight | undefined): Candidate | undefined {
  return sight?.is === "replica" && !mayDiffer(cluster, index) ? { index, position: sight.position } : undefined;
}

/** The furthest voter, once the positions of all are known; the first of equals. */
function furthestVoter(cluster: Cluster, sights: ReadonlyMap<number, Sight>): Candidate | undefined {
  const candidates = cluster.voters.map((index) => candidateOf(cluster, index, sights.get(index)));
  if (candidates.length === 0 || candidates.includes(undefined)) return undefined;
  return candidates.flatMap((each) => each ?? []).sort((a, b) => b.position - a.position || a.index - b.index)[0];
}

/**
 * Chooses the successor of a leader that no longer has a process. Undefined while that is not safe: a voter that is out of sight may hold an
 * acknowledged write that no other node has, and so may a leader that no node has followed yet.
 */
export function elect(cluster: Cluster, sights: ReadonlyMap<number, Sight>): Decision | undefined {
  const chosen = furthestVoter(cluster, sights);
  if (chosen === undefined) return undefined;
  // It has not even reached the position that the leader had when chosen: only the leader may hold what was acknowledged before.
  if (chosen.position < cluster.electedAt) return undefined;
  const others = cluster.voters.filter((each) => each !== chosen.index);
  const phases = [...cluster.members.keys()].map((index): [number, Member] => {
    if (index === chosen.index) return [index, { phase: "promoting", missed: 0 }];
    return [index, { phase: others.includes(index) ? "rejoining" : "fenced", missed: 0 }];
  });
  const everybody = [...cluster.members.keys()].filter((each) => each !== chosen.index);
  // If no other voter is left, any node may be the first to confirm a write of the new term.
  const voters = others.length > 0 ? others : everybody;
  return {
    cluster: {
      term: cluster.term + 1,
      leader: chosen.index,
      electedAt: chosen.position,
      members: new Map(phases),
      voters,
      leaving: undefined,
    },
    actions: [{ do: "promote", node: chosen.index, voters }],
  };
}
