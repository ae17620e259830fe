import fc from "fast-check";
import type { Coverage } from "./coverage.ts";
import { isFailure } from "./errors.ts";
import type { PreparedScenario, SeedResult, ShrinkOptions } from "./scenario.ts";

/** The functions of a scenario on the plans that its seeds draw. */
interface Game<Plan> {
  /** Draws a plan. What a seed draws is a contract, which a snapshot test should hold. */
  readonly arbitrary: fc.Arbitrary<Plan>;
  /** Plays a plan on a fresh world. Nothing of one play may reach the next. @throws BrokenPromise, ScenarioError for a failure of the subject */
  play(seed: number, plan: Plan): Promise<void>;
  /** The remains of the last play, even one that threw: its digest, and its coverage. */
  trace(): { readonly digest: string; readonly coverage?: Coverage };
  /** Describes the plan of the last play, one line for each thing that had an effect. */
  describe(plan: Plan): readonly string[];
  /** Counts the steps of a plan. */
  steps(plan: Plan): number;
  /** Plans that are tried to shrink a failure. Default 200. */
  readonly shrinksMax?: number;
}

/** How many plans are tried to shrink a failure, unless a game says otherwise; each takes about as long as a seed. */
const SHRINKS_MAX = 200;

/** Each seed draws one plan, without the bias towards small values that many runs would have. */
const DRAW = { numRuns: 1, unbiased: true } as const;

/** Draws the plan of a seed, or the shrunk one at a path. @throws RangeError if there is none at the path */
export function planOf<Plan>(arbitrary: fc.Arbitrary<Plan>, seed: number, path?: string): Plan {
  const [plan] = fc.sample(arbitrary, { ...DRAW, seed, ...(path !== undefined && { path }) });
  if (plan === undefined) throw new RangeError(`seed ${seed} has no plan at path ${path}`);
  return plan;
}

/** A plan, and how it ended. */
interface Played<Plan> {
  readonly plan: Plan;
  readonly trace: ReturnType<Game<Plan>["trace"]>;
  readonly error: unknown;
  /** Only of a play that failed. */
  readonly lines: readonly string[];
}

/** A seed fails if the subject broke a promise; any other error is an accident of the scenario itself. */
const verdictOf = (error: unknown): SeedResult["verdict"] =>
  error === undefined ? "pass" : isFailure(error) ? "fail" : "unknown";

const oneLine = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error);
  return (isFailure(error) ? text : `the scenario crashed: ${text}`).split("\n").slice(0, 1).join("");
};

async function playOnce<Plan>(game: Game<Plan>, seed: number, plan: Plan): Promise<Played<Plan>> {
  const error = await game.play(seed, plan).then(
    () => undefined,
    (thrown: unknown) => thrown ?? new Error("nothing was thrown"),
  );
  return { plan, trace: game.trace(), error, lines: error === undefined ? [] : game.describe(plan) };
}

const resultOf = <Plan>(game: Game<Plan>, seed: number, { plan, trace, error }: Played<Plan>): SeedResult => ({
  seed,
  verdict: verdictOf(error),
  ...trace,
  steps: game.steps(plan),
  ...(error !== undefined && { reason: oneLine(error) }),
});

async function run<Plan>(game: Game<Plan>, seed: number, { enoughLines = 0 }: ShrinkOptions = {}): Promise<SeedResult> {
  let first: Played<Plan> | undefined;
  let last: Played<Plan> | undefined;
  let played = 0;
  const property = fc.asyncProperty(game.arbitrary, async (plan) => {
    // After so many tries, the result is small enough.
    if (++played > (game.shrinksMax ?? SHRINKS_MAX)) return;
    if (last !== undefined && last.lines.length <= enoughLines) return;
    const outcome = await playOnce(game, seed, plan);
    first ??= outcome;
    if (outcome.error === undefined) return;
    last = outcome;
    throw outcome.error;
  });
  const { counterexamplePath: path } = await fc.check(property, { ...DRAW, seed });
  if (first === undefined) throw new Error(`seed ${seed} drew no plan`);
  const result = resultOf(game, seed, first);
  if (path === null || last === undefined) return result;
  return { ...result, reason: oneLine(last.error), counterexample: { steps: last.lines, path } };
}

async function replay<Plan>(game: Game<Plan>, seed: number, path?: string): Promise<SeedResult> {
  const played = await playOnce(game, seed, planOf(game.arbitrary, seed, path));
  const result = resultOf(game, seed, played);
  if (played.error === undefined) return result;
  return { ...result, counterexample: { steps: played.lines, path: path ?? "0" } };
}

/** Turns a game into what `drydock run` and `drydock replay` call: each seed plays one plan, and a failure is shrunk. */
export const seedRunner = <Plan>(game: Game<Plan>): PreparedScenario => ({
  run: (seed, options) => run(game, seed, options),
  replay: (seed, path) => replay(game, seed, path),
});
