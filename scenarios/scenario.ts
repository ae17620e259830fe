import type { PlantedBug } from "../broker/index.ts";

/** What came of a seed. */
export interface SeedResult {
  readonly seed: number;
  /** `unknown`: the scenario itself could not be carried through. */
  readonly verdict: "pass" | "fail" | "unknown";
  /** Of the run that the seed draws, unshrunk: the same each time, whatever ran before. */
  readonly digest: string;
  /** Commands of the plan. */
  readonly steps: number;
  /** One line. */
  readonly reason?: string;
  /** The shrunk sequence, one line a step, and its path in the tree of shrinks. */
  readonly counterexample?: { readonly steps: readonly string[]; readonly path: string };
}

/** A scenario made ready: what seeds have in common is done once. Seeds do not influence one another. */
export interface PreparedScenario {
  /** Runs the plan that a seed draws, and when it fails, shrinks it. */
  run(seed: number): Promise<SeedResult>;
  /** Runs one plan again: the seed's own, or the shrunk one at a path. */
  replay(seed: number, path?: string): Promise<SeedResult>;
}

/** A model, its commands, faults and laws, played from one seed. */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  /** Defects of the subject that can be planted, to see them found. */
  readonly plantedBugs: readonly PlantedBug[];
  /** @throws ScenarioError when what seeds have in common could not be made */
  prepare(options: { readonly plantedBug?: PlantedBug }): Promise<PreparedScenario>;
}
