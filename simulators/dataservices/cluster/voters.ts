import { type Action, type Cluster, type Decision, phaseOf, type Sight } from "./cluster.ts";

const sameNodes = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((each) => b.includes(each));

/**
 * Maintains the voters of a group with a primary: a node that follows without a gap becomes one, and one that is gone for `goneLooksMax` looks
 * stops being one, each in the order that loses no acknowledged write. See `cluster.ts`.
 */
export function tendVoters(cluster: Cluster, sights: ReadonlyMap<number, Sight>, goneLooksMax: number): Decision {
  const primary = sights.get(cluster.leader);
  if (primary?.is !== "primary") return { cluster, actions: [] };
  const joined = [...cluster.members.keys()].filter((index) => phaseOf(cluster, index) === "replica");
  const voters = [...new Set([...cluster.voters, ...joined])].sort((a, b) => a - b);
  const leaving = joined.includes(cluster.leaving?.index ?? Number.NaN) ? undefined : cluster.leaving;
  const grown = { ...cluster, voters, leaving };
  const left = leaving === undefined ? startToLeave(grown, joined, goneLooksMax) : leave(grown, sights);
  const wanted = left.voters.filter((each) => each !== left.leaving?.index);
  const forgotten = voters.filter((each) => !left.voters.includes(each));
  const actions: Action[] = forgotten.map((node) => ({ do: "forget", node, primary: cluster.leader }));
  if (!sameNodes(wanted, primary.waitsFor)) actions.push({ do: "wait-for", node: cluster.leader, voters: wanted });
  return { cluster: left, actions };
}

/** The first voter that has been gone for a long time starts to leave if another one follows. */
function startToLeave(cluster: Cluster, following: readonly number[], goneLooksMax: number): Cluster {
  const gone = cluster.voters.find(
    (each) => !following.includes(each) && (cluster.members.get(each)?.missed ?? goneLooksMax) >= goneLooksMax,
  );
  const isAlone = !cluster.voters.some((each) => following.includes(each));
  return gone === undefined || isAlone ? cluster : { ...cluster, leaving: { index: gone, position: undefined } };
}

/** A voter for which the primary no longer waits has left once another one has everything that the primary had written by then. */
function leave(cluster: Cluster, sights: ReadonlyMap<number, Sight>): Cluster {
  const { leaving, voters } = cluster;
  const primary = sights.get(cluster.leader);
  if (leaving === undefined || primary?.is !== "primary") return cluster;
  // The primary still waits for it: the change has not taken effect yet.
  if (primary.waitsFor.includes(leaving.index)) return cluster;
  const position = leaving.position ?? primary.position;
  const rest = voters.filter((each) => each !== leaving.index);
  const isKept = rest.some((each) => {
    const sight = sights.get(each);
    return phaseOf(cluster, each) === "replica" && sight?.is === "replica" && sight.position >= position;
  });
  if (!isKept) return { ...cluster, leaving: { ...leaving, position } };
  const members = new Map(cluster.members).set(leaving.index, { phase: "fenced", missed: 0 });
  return { ...cluster, voters: rest, leaving: undefined, members };
}
