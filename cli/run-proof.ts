import { RUN_EVENT_VERSION } from "../conformance/runner/events.ts";
import { type Coverage, describeCoverage, whyVacuous } from "../scenarios/coverage.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import type { Session } from "./session.ts";

/** A run of seeds whose success is meant to prove something. */
interface ProvingRun {
  readonly scenario: Scenario;
  readonly options: {
    readonly seeds: number;
    readonly from: number;
    readonly plantedBug?: string;
    readonly coverage?: boolean;
    readonly json?: boolean;
  };
  readonly session: Session;
  readonly signal: AbortSignal;
}

/** A run of at least this many seeds is a campaign; its canary must be found within the second number. */
const CAMPAIGN_SEEDS_MIN = 100;
const CANARY_SEEDS_MAX = 20;

/** Plays seeds on a broker with the scenario's canary. Returns why the run proves nothing; undefined if it was found, or not asked for. */
async function whyCanaryLives({ scenario, options, signal }: ProvingRun): Promise<string | undefined> {
  const { canary } = scenario;
  if (canary === undefined || options.plantedBug !== undefined || options.seeds < CAMPAIGN_SEEDS_MIN) return undefined;
  const prepared = await scenario.prepare({ plantedBug: canary });
  for (let seed = options.from; seed < options.from + CANARY_SEEDS_MAX && !signal.aborted; seed++)
    if ((await prepared.replay(seed)).verdict === "fail") return undefined;
  return `the canary ${canary} was not found within ${CANARY_SEEDS_MAX} seeds`;
}

/** Whether a run proves something. Prints what it exercised (undefined: its scenario does not know), and why it proves nothing; an interrupted run is not judged. */
export async function hasProvedSomething(run: ProvingRun, coverage: Coverage | undefined): Promise<boolean> {
  const { scenario, options, session, signal } = run;
  const note = (text: string): void => session.emit({ v: RUN_EVENT_VERSION, type: "note", text });
  const lines = coverage === undefined ? [] : describeCoverage(coverage, scenario.pairs);
  for (const line of lines) note(line);
  if (options.coverage === true && options.json !== true) for (const line of lines) process.stdout.write(`${line}\n`);
  if (signal.aborted) return true;
  const why = (coverage === undefined ? undefined : whyVacuous(coverage)) ?? (await whyCanaryLives(run));
  if (why !== undefined) note(`this run proves nothing: ${why}`);
  return why === undefined;
}
