import {
  type Action,
  type Cluster,
  type Decision,
  mayDiffer,
  type Member,
  type Phase,
  phaseOf,
  type Sight,
} from "./cluster.ts";
import { elect } from "./election.ts";
import { tendVoters } from "./voters.ts";

/** The patience of a supervisor, in looks. */
interface Patience {
  /** Looks at which a process does not answer before it counts as dead and is fenced. */
  readonly silentLooksMax: number;
  /** Looks at which a node runs without following before it is copied anew. */
  readonly strayLooksMax: number;
  /** Looks at which a voter is gone before the primary stops waiting for it. */
  readonly goneLooksMax: number;
}

/** The patience of a supervisor that looks several times a second. */
export const PATIENCE: Patience = { silentLooksMax: 3, strayLooksMax: 20, goneLooksMax: 4 };

/** A supervisor's view of a group at one look, by index of the node; a node that is missing from it is absent. */
export type Sights = ReadonlyMap<number, Sight>;

const ABSENT: Sight = { is: "absent" };

/** The view of one node. */
const sightOf = (sights: Sights, index: number): Sight => sights.get(index) ?? ABSENT;

const withPhase = (cluster: Cluster, index: number, member: Member): Cluster => ({
  ...cluster,
  members: new Map(cluster.members).set(index, member),
});

/** Sets the phase of a node and counts this look as missed or not. */
function note(cluster: Cluster, index: number, phase: Phase, isMissed: boolean): Cluster {
  const missed = isMissed ? (cluster.members.get(index)?.missed ?? 0) + 1 : 0;
  return withPhase(cluster, index, { phase, missed });
}

const missedBy = ({ members }: Cluster, index: number): number => members.get(index)?.missed ?? 0;

/** Decides what follows from a look at a group: its new state, and the actions in order. A pure function. */
export function decide(cluster: Cluster, sights: Sights, patience: Patience = PATIENCE): Decision {
  const { leader } = cluster;
  const sight = sightOf(sights, leader);
  if (sight.is === "primary") return lead(note(cluster, leader, "primary", false), sights, patience);
  // A leader that has lost its disk forever is no longer a member.
  const missed = cluster.members.has(leader) ? note(cluster, leader, phaseOf(cluster, leader), true) : cluster;
  switch (sight.is) {
    case "silent":
      return missedBy(missed, leader) < patience.silentLooksMax
        ? { cluster: missed, actions: [] }
        : { cluster: missed, actions: [{ do: "fence", node: leader }] };
    case "cloning":
      return { cluster: missed, actions: [] };
    case "replica":
      return { cluster: missed, actions: [{ do: "promote", node: leader, voters: missed.voters }] };
    case "stopped":
      return elect(missed, sights) ?? { cluster: missed, actions: resume(missed, sights, sight.hasData) };
    case "absent":
      return elect(missed, sights) ?? { cluster: missed, actions: [] };
  }
}

/**
 * A stopped leader without a possible successor starts again where it left off. One that has lost its data
 * starts empty only if there is nothing to wait for.
 */
function resume(cluster: Cluster, sights: Sights, hasData: boolean): readonly Action[] {
  const { leader, voters } = cluster;
  const isLost = !hasData && voters.some((each) => holdsData(cluster, each, sightOf(sights, each)));
  if (isLost) return voters.flatMap((each) => startVoter(each, sightOf(sights, each)));
  return [
    { do: "start", node: leader, as: phaseOf(cluster, leader) === "primary" || !hasData ? "primary" : "replica" },
  ];
}

const holdsData = (cluster: Cluster, index: number, sight: Sight): boolean =>
  phaseOf(cluster, index) !== "fenced" && (sight.is !== "stopped" || sight.hasData) && sight.is !== "cloning";

const startVoter = (node: number, sight: Sight): readonly Action[] =>
  sight.is === "stopped" && sight.hasData ? [{ do: "start", node, as: "replica" }] : [];

/** There is a primary: all other nodes are made to follow it. */
function lead(cluster: Cluster, sights: Sights, patience: Patience): Decision {
  const actions: Action[] = [];
  let now = cluster;
  for (const index of [...cluster.members.keys()].sort((a, b) => a - b)) {
    if (index === cluster.leader) continue;
    const tended = tend(now, index, sights, patience);
    now = tended.cluster;
    actions.push(...tended.actions);
  }
  const voted = tendVoters(now, sights, patience.goneLooksMax);
  return { cluster: voted.cluster, actions: [...actions, ...voted.actions] };
}

/** The phase of a node that does not answer: its data are as good as before. */
const away = (phase: Phase): Phase => (phase === "fenced" ? "fenced" : "rejoining");

/** Makes one node follow the primary. */
function tend(cluster: Cluster, node: number, sights: Sights, patience: Patience): Decision {
  const sight = sightOf(sights, node);
  const phase = phaseOf(cluster, node);
  const { leader: primary } = cluster;
  switch (sight.is) {
    case "absent":
      return { cluster: note(cluster, node, away(phase), true), actions: [] };
    case "cloning":
      return { cluster: note(cluster, node, "rejoining", false), actions: [] };
    // Two primaries: nobody may see this one's data.
    case "primary":
      return { cluster: note(cluster, node, "fenced", true), actions: [{ do: "fence", node }] };
    case "silent": {
      const missed = note(cluster, node, away(phase), true);
      const isDead = missedBy(missed, node) >= patience.silentLooksMax;
      return { cluster: missed, actions: isDead ? [{ do: "fence", node }] : [] };
    }
    case "stopped": {
      const copy: Action = { do: "clone", node, primary };
      if (!sight.hasData) return { cluster: note(cluster, node, "rejoining", false), actions: [copy] };
      // Its data stay suspect until a copy has replaced them: the order may be without effect.
      if (phase === "fenced")
        return { cluster: withPhase(cluster, node, { phase, missed: 0, isCopying: true }), actions: [copy] };
      return { cluster: note(cluster, node, "rejoining", true), actions: [{ do: "start", node, as: "replica" }] };
    }
    case "replica":
      return tendReplica(cluster, node, { sights, follows: sight.follows, strayLooksMax: patience.strayLooksMax });
  }
}

interface ReplicaSight {
  readonly sights: Sights;
  readonly follows: number | null;
  readonly strayLooksMax: number;
}

function tendReplica(cluster: Cluster, node: number, { sights, follows, strayLooksMax }: ReplicaSight): Decision {
  const { leader: primary } = cluster;
  const leader = sightOf(sights, primary);
  const fence: Action = { do: "fence", node };
  if (mayDiffer(cluster, node)) return { cluster, actions: [fence] };
  if (follows !== primary)
    return { cluster: note(cluster, node, "rejoining", true), actions: [{ do: "follow", node, primary }] };
  if (leader.is === "primary" && leader.followers.includes(node))
    return { cluster: note(cluster, node, "replica", false), actions: [] };
  const stray = note(cluster, node, "rejoining", true);
  return missedBy(stray, node) < strayLooksMax
    ? { cluster: stray, actions: [] }
    : { cluster: note(stray, node, "fenced", false), actions: [fence] };
}
