import type { CheckInfo, SuiteName } from "./events.ts";
import type { CheckResult } from "./summary.ts";

/** One planted defect, as the matrix tells of it. */
export interface MutantInfo {
  readonly id: string;
  /** The defect in words. */
  readonly description: string;
  /** Ids of the checks that have to notice it. */
  readonly expected: readonly string[];
  /** Ids of checks that may notice it too, because the description makes it plausible; `*` stands for any characters. */
  readonly also: readonly string[];
}

/** A run on a broker without a defect: nothing may fail, warn or stay unknown. */
export interface CleanRun {
  /** How this broker differs from the others: `asynchronous, 2.14`. */
  readonly name: string;
  /** `only`: as in `certify`; a run that pays no heed to it judges all. */
  readonly run: (only?: readonly string[]) => Promise<readonly CheckResult[]>;
}

/** A suite together with the brokers that prove it: a clean one, and one for each planted defect. */
export interface MutantSet {
  readonly suite: SuiteName;
  readonly checks: readonly CheckInfo[];
  readonly mutants: readonly MutantInfo[];
  /** Default: the one that `run()` makes. */
  readonly cleanRuns?: readonly CleanRun[];
  /** Runs the suite on a fresh broker with this defect; without `mutantId` on a clean one. `only`: as in `certify`. */
  /** `shuffleSeed`: as in `certify`; a set whose runs have only one order ignores it. */
  run(mutantId?: string, only?: readonly string[], shuffleSeed?: number): Promise<readonly CheckResult[]>;
}
