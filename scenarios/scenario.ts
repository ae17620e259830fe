import type { Coverage } from "./coverage.ts";
import type { World } from "../simulators/world.ts";
import type { Brokers } from "./cloud/brokers.ts";
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
  /** The coverage of the seed's own plan. Absent if the scenario does not record it. */
  readonly coverage?: Coverage;
  /** The shrunk plan, one line per step that had an effect, and its path in the tree of shrinks. */
  readonly counterexample?: { readonly steps: readonly string[]; readonly path: string };
}

/** How far a failure is shrunk. */
export interface ShrinkOptions {
  /** A counterexample of so many lines is short enough. Default: it gets as short as it can. */
  readonly enoughLines?: number;
}

/** A scenario that is ready to run: what all seeds have in common was done once. Seeds do not influence each other. */
export interface PreparedScenario {
  /** Plays the plan that a seed draws, and shrinks it if it fails. */
  run(seed: number, options?: ShrinkOptions): Promise<SeedResult>;
  /** Plays one plan again: the seed's own, or the shrunk one at a path. */
  replay(seed: number, path?: string): Promise<SeedResult>;
  /** As `replay`, and tells everything that happened. Absent: the scenario can't tell. */
  trace?(seed: number, path?: string): Promise<SeedTrace>;
  /** Plays one plan up to a step and leaves the cloud as it is then. Absent: the scenario can't stop. @throws RangeError where the plan has fewer steps */
  stopAfter?(seed: number, step: number, path?: string): Promise<StoppedPlay>;
}

/** A play that was stopped. Its time stands still. */
export interface StoppedPlay {
  readonly world: World;
  readonly brokers: Brokers;
  /** The steps that were played, one line each. */
  readonly steps: readonly string[];
}

/** The options with which a scenario is prepared. */
interface PrepareOptions {
  /** Default: the subject is sound. */
  readonly plantedBug?: string;
  /** The block of loopback in which the cloud lies, if it shall be opened to others later. Default: the one of every cloud without sockets. */
  readonly block?: string;
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
  prepare(options: PrepareOptions): Promise<PreparedScenario>;
}
