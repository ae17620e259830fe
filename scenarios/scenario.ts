import type { Coverage } from "./coverage.ts";
import type { SeedTrace } from "./trace.ts";

/** The result of a seed. */
export interface SeedResult {
  readonly seed: number;
  /** `unknown`: the scenario itself broke down. */
  readonly verdict: "pass" | "fail" | "unknown";
  /** The digest of the seed's own plan, unshrunk: the same each time, whatever ran before. */
  readonly digest: string;
  /** Number of steps in the plan. */
  readonly steps: number;
  /** Why it failed, in one line. */
  readonly reason?: string;
  /** What the seed's own plan exercised. Absent: the scenario does not record it. */
  readonly coverage?: Coverage;
  /** The shrunk plan, one line per step that had an effect, and its path in the tree of shrinks. */
  readonly counterexample?: { readonly steps: readonly string[]; readonly path: string };
}

/** A scenario that is ready to run: what all seeds have in common was done once. Seeds do not influence each other. */
export interface PreparedScenario {
  /** Plays the plan that a seed draws, and shrinks it if it fails. */
  run(seed: number): Promise<SeedResult>;
  /** Plays one plan again: the seed's own, or the shrunk one at a path. */
  replay(seed: number, path?: string): Promise<SeedResult>;
  /** As `replay`, and tells everything that happened. Absent: the scenario can't tell. */
  trace?(seed: number, path?: string): Promise<SeedTrace>;
}

/** A model, its commands, faults and laws, played from one seed. */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  /** Names of bugs that can be planted in the subject, to see them found. */
  readonly plantedBugs: readonly string[];
  /** The planted bug that seeds must find, or their silence proves nothing. Absent: there is none. */
  readonly canary?: string;
  /** Every pair (operation × kind of fault × phase) that seeds can meet, by name; a coverage counts those that they met. */
  readonly pairs: readonly string[];
  /** Does what all seeds have in common. @throws ScenarioError if that fails */
  prepare(options: { readonly plantedBug?: string }): Promise<PreparedScenario>;
}
