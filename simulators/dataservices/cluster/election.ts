import { type Cluster, type Decision, type Member, phaseOf, type Sight } from "./cluster.ts";

interface Candidate {
  readonly index: number;
  readonly position: number;
}

/** A node of which it is known how far it has come along the common history. */
function candidateOf(cluster: Cluster, index: number, sight: Sight | undefined): Candidate | undefined {
  return sight?.is === "replica" && phaseOf(cluster, index) !== "fenced"
    ? { index, position: sight.position }
    : undefined;
}

/** The furthest voter, once it is known how far each has come; the first of equals. */
function furthestVoter(cluster: Cluster, sights: ReadonlyMap<number, Sight>): Candidate | undefined {
  const candidates = cluster.voters.map((index) => candidateOf(cluster, index, sights.get(index)));
  if (candidates.length === 0 || candidates.includes(undefined)) return undefined;
  return candidates.flatMap((each) => each ?? []).sort((a, b) => b.position - a.position || a.index - b.index)[0];
}

/**
 * Chooses who takes the place of a leader that has no process any more. Undefined while that is not safe: a voter that is not seen
 * may hold an acknowledged write that nobody else has, and so may a leader whom nobody has followed yet.
 */
export function elect(cluster: Cluster, sights: ReadonlyMap<number, Sight>): Decision | undefined {
  const chosen = furthestVoter(cluster, sights);
  if (chosen === undefined) return undefined;
  // It has not even come as far as the leader was when that was chosen: the leader alone may hold what was acknowledged before.
  if (chosen.position < cluster.electedAt) return undefined;
  const others = cluster.voters.filter((each) => each !== chosen.index);
  const phases = [...cluster.members.keys()].map((index): [number, Member] => {
    if (index === chosen.index) return [index, { phase: "promoting", missed: 0 }];
    return [index, { phase: others.includes(index) ? "rejoining" : "fenced", missed: 0 }];
  });
  const everybody = [...cluster.members.keys()].filter((each) => each !== chosen.index);
  // Where no other voter is left, any node may be the first to confirm a write of the new term.
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
