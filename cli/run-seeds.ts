import { INVOCATION } from "../conformance/runner/tool.ts";
import type { Played } from "../scenarios/campaign/result.ts";
import type { PreparedScenario, Scenario, SeedResult } from "../scenarios/scenario.ts";
import { UserError } from "./errors.ts";
import type { FailingSeeds } from "./failing-seeds.ts";
import type { RunOptions } from "./run.ts";
import { subjectFlags, type SubjectOptions } from "./run-subject.ts";
import type { Session } from "./session.ts";

/** Prepares a scenario on its subject. */
export type Preparation = () => Promise<PreparedScenario>;

/** A run of seeds. */
export interface SeedRun {
  readonly scenario: Scenario;
  /** How a command line refers to it: its name, or its file. */
  readonly as: string;
  readonly prepare: Preparation;
  readonly options: RunOptions;
  readonly session: Session;
  readonly failing: FailingSeeds;
  readonly signal: AbortSignal;
}

/** The flags of a command line that plays the scenario on the same subject. */
export const flagsOf = ({ plantedBug, ...subject }: SubjectOptions & { readonly plantedBug?: string }): string =>
  `${plantedBug === undefined ? "" : ` --planted-bug ${plantedBug}`}${subjectFlags(subject)}`;

/** The line that replays a seed, or a plan of its shrinks. */
export const replayLine = (name: string, { seed }: Pick<SeedResult, "seed">, path: string, flags: string): string =>
  `${INVOCATION} replay ${name} --seed ${seed} --path "${path}"${flags}`;

/** The seeds to run: those that failed before come first, each once. */
export const seedsInOrder = (known: readonly number[], from: number, count: number): readonly number[] => [
  ...new Set([...known, ...Array.from({ length: count }, (_, at) => from + at)]),
];

/** How many failing seeds of a run get a page; `replay --out` writes those of others. */
const PAGES_MAX = 5;

async function writePage({ as, options }: SeedRun, prepared: PreparedScenario, result: SeedResult): Promise<void> {
  const { out } = options;
  if (out === undefined || prepared.trace === undefined) return;
  const { writeSeedPage } = await import("./replay-traced.ts");
  const replay = (path: string): string => replayLine(as, result, path, flagsOf(options));
  await writeSeedPage(as, prepared, out, { seed: result.seed, path: result.counterexample?.path, replay });
}

/** Plays seeds in this process, one after the other. */
async function* playHere(run: SeedRun): AsyncGenerator<Played> {
  const { prepare, options, failing, signal } = run;
  let pages = 0;
  const prepared = await prepare();
  for (const seed of seedsInOrder(failing.seeds, options.from, options.seeds)) {
    if (signal.aborted) return;
    const startedMs = performance.now();
    const result = await prepared.run(seed);
    const durationMs = performance.now() - startedMs;
    if (result.verdict === "fail" && pages++ < PAGES_MAX) await writePage(run, prepared, result);
    yield { result, durationMs };
  }
}

/** Plays seeds wherever the options say. @throws UserError */
export async function* playSeeds(run: SeedRun): AsyncGenerator<Played> {
  const { as, options, failing, session, signal } = run;
  const { queue, workers, plantedBug, target } = options;
  if (queue === undefined && workers === undefined) return yield* playHere(run);
  if (target !== undefined)
    throw new UserError("CLI_BAD_OPTION", "--target: only one process can play on an external broker");
  const subject = { scenario: as, ...(plantedBug !== undefined && { plantedBug }) };
  const seeds = seedsInOrder([], options.from, options.seeds);
  const { playOnQueue } = await import("./run-queue.ts");
  yield* playOnQueue({ subject, urgent: failing.seeds, seeds }, options, signal, session.say);
}
