import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { Exercise } from "../scenarios/coverage.ts";
import { RUN_EVENT_VERSION, type RunEvent, type Verdict } from "../conformance/runner/events.ts";
import { INVOCATION } from "../conformance/runner/tool.ts";
import { openReports } from "../reports/index.ts";
import { type PreparedScenario, type Scenario, type SeedResult } from "../scenarios/scenario.ts";
import { EXIT, UserError } from "./errors.ts";
import { type FailingSeeds, openFailingSeeds } from "./failing-seeds.ts";
import { hasProvedSomething } from "./run-proof.ts";
import { runInterruptibly, openSession, type Session } from "./session.ts";
import { SCENARIOS } from "../scenarios/scenarios.ts";

/** The options of `run`. */
export interface RunOptions {
  readonly seeds: number;
  readonly from: number;
  readonly plantedBug?: string;
  /** Print what the run exercised, by name, even if everything passed. */
  readonly coverage?: boolean;
  readonly list?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly out?: string;
  readonly version: string;
}

/** The options of `replay`. */
export interface ReplayOptions {
  readonly seed: number;
  readonly path?: string;
  readonly plantedBug?: string;
  readonly json?: boolean;
}

/** @throws UserError CLI_UNKNOWN_SCENARIO */
function requireScenario(name: string): Scenario {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) throw new UserError("CLI_UNKNOWN_SCENARIO", `there is no scenario ${name}`);
  return scenario;
}

type Preparation = () => Promise<PreparedScenario>;

/** @throws UserError CLI_BAD_OPTION */
function preparation(scenario: Scenario, plantedBug: string | undefined): Preparation {
  if (plantedBug === undefined) return () => scenario.prepare({});
  const bug = scenario.plantedBugs.find((each) => each === plantedBug);
  if (bug === undefined)
    throw new UserError("CLI_BAD_OPTION", `--planted-bug ${plantedBug}: there is ${scenario.plantedBugs.join(", ")}`);
  return () => scenario.prepare({ plantedBug: bug });
}

const plantedBugFlag = (plantedBug: string | undefined): string =>
  plantedBug === undefined ? "" : ` --planted-bug ${plantedBug}`;

const replayLine = (name: string, { seed }: SeedResult, path: string, plantedBug: string | undefined): string =>
  `${INVOCATION} replay ${name} --seed ${seed} --path "${path}"${plantedBugFlag(plantedBug)}`;

/** The seeds to run: those that failed before come first, each once. */
const seedsInOrder = (known: readonly number[], from: number, count: number): readonly number[] => [
  ...new Set([...known, ...Array.from({ length: count }, (_, at) => from + at)]),
];

function finishedEvent(
  { name }: Scenario,
  result: SeedResult,
  durationMs: number,
  plantedBug: string | undefined,
): RunEvent {
  const { counterexample, coverage: _coverage, ...rest } = result;
  const shrunk = counterexample && {
    counterexample: {
      steps: counterexample.steps,
      replay: replayLine(name, result, counterexample.path, plantedBug),
    },
  };
  return {
    v: RUN_EVENT_VERSION,
    type: "seed-finished",
    scenario: name,
    ...rest,
    ...shrunk,
    durationMs: Math.round(durationMs),
  };
}

/** Prints lines of JSON instead of a summary; the reports are still written. */
function jsonSession(out: string | undefined): Session {
  const writer = out === undefined ? undefined : openReports(out);
  return {
    emit: (event) => {
      writer?.record(event);
      if (event.type !== "seed-finished") return;
      const { seed, verdict, digest, reason, counterexample } = event;
      process.stdout.write(`${JSON.stringify({ seed, verdict, digest, reason, counterexample })}\n`);
    },
    say: () => {},
    finish: () => void writer?.finish(),
  };
}

const NO_COUNTS: Readonly<Record<Verdict, number>> = { fail: 0, unknown: 0, warn: 0, pass: 0, "not-applicable": 0 };

interface SeedRun {
  readonly scenario: Scenario;
  readonly prepare: Preparation;
  readonly options: RunOptions;
  readonly session: Session;
  readonly failing: FailingSeeds;
  readonly signal: AbortSignal;
}

async function runSeeds(
  { scenario, prepare, options, session, failing, signal }: SeedRun,
  exercise: Exercise,
): Promise<typeof NO_COUNTS> {
  const prepared = await prepare();
  const counts = { ...NO_COUNTS };
  for (const seed of seedsInOrder(failing.seeds, options.from, options.seeds)) {
    if (signal.aborted) break;
    const startedMs = performance.now();
    const result = await prepared.run(seed);
    failing.note(seed, result.verdict === "pass");
    if (result.coverage !== undefined) exercise.add(result.coverage);
    counts[result.verdict]++;
    session.emit(finishedEvent(scenario, result, performance.now() - startedMs, options.plantedBug));
  }
  return counts;
}

function startedEvent({ scenario, options, failing }: SeedRun): RunEvent {
  const { seeds, from, plantedBug, version } = options;
  return {
    v: RUN_EVENT_VERSION,
    type: "run-started",
    at: new Date().toISOString(),
    run: randomUUID(),
    tool: { name: "drydock", version },
    command: `${INVOCATION} run ${scenario.name} --seeds ${seeds} --from ${from}${plantedBugFlag(plantedBug)}`,
    target: { kind: "scenario", name: scenario.name },
    planned: seedsInOrder(failing.seeds, from, seeds).length,
  };
}

/** The exit codes that --help documents: a seed without a conclusion neither passed nor failed. */
const exitCodeOf = (verdict: Verdict): number =>
  verdict === "pass" ? EXIT.ok : verdict === "unknown" ? EXIT.couldNotRun : EXIT.notConformant;

const worst = (counts: typeof NO_COUNTS): Verdict =>
  counts.fail > 0 ? "fail" : counts.unknown > 0 ? "unknown" : "pass";

async function runAndReport(run: SeedRun): Promise<number> {
  const { session, signal } = run;
  session.emit(startedEvent(run));
  try {
    const exercise = new Exercise();
    const counts = await runSeeds(run, exercise);
    const isProof = await hasProvedSomething(run, exercise.coverage);
    const verdict = worst(isProof ? counts : { ...counts, unknown: counts.unknown + 1 });
    const exitCode = signal.aborted ? EXIT.interrupted : exitCodeOf(verdict);
    session.emit({
      v: RUN_EVENT_VERSION,
      type: "run-finished",
      at: new Date().toISOString(),
      verdict,
      counts,
      exitCode,
    });
    return exitCode;
  } finally {
    session.finish();
  }
}

function listScenarios(): number {
  for (const { name, description, plantedBugs } of SCENARIOS)
    process.stdout.write(
      `${name}  ${description}\n  --planted-bug: ${plantedBugs.length === 0 ? "none" : plantedBugs.join(", ")}\n`,
    );
  return EXIT.ok;
}

/** `drydock run [scenario]`. Returns the exit code. @throws UserError */
export async function run(name: string, options: RunOptions): Promise<number> {
  if (options.list === true) return listScenarios();
  const scenario = requireScenario(name);
  return runInterruptibly((signal) => runScenario(scenario, options, signal));
}

/** Runs seeds of a scenario and reports each; stops between two seeds once the signal is aborted. Returns the exit code. @throws UserError */
export async function runScenario(scenario: Scenario, options: RunOptions, signal: AbortSignal): Promise<number> {
  const { name } = scenario;
  const { out, json, quiet, plantedBug } = options;
  const prepare = preparation(scenario, plantedBug);
  const failing = openFailingSeeds(
    resolve(out ?? ".drydock"),
    plantedBug === undefined ? name : `${name}+${plantedBug}`,
  );
  const session = json === true ? jsonSession(out) : openSession({ out, quiet });
  return runAndReport({ scenario, prepare, options, session, failing, signal });
}

/** `drydock replay <scenario>`. Returns the exit code. @throws UserError */
export async function replay(name: string, options: ReplayOptions): Promise<number> {
  const scenario = requireScenario(name);
  const { seed, path, plantedBug, json } = options;
  const prepared = await preparation(scenario, plantedBug)();
  const result = await prepared.replay(seed, path);
  process.stdout.write(json === true ? `${JSON.stringify(resultJson(result))}\n` : describeResult(name, result));
  return exitCodeOf(result.verdict);
}

const resultJson = ({ seed, verdict, digest, reason, counterexample }: SeedResult): object => ({
  seed,
  verdict,
  digest,
  reason,
  steps: counterexample?.steps,
});

function describeResult(name: string, { seed, verdict, digest, reason, counterexample }: SeedResult): string {
  const steps = (counterexample?.steps ?? []).map((step, at) => `  ${at + 1}. ${step}`);
  const lines = [
    `${name} seed ${seed}: ${verdict}${reason === undefined ? "" : `: ${reason}`}`,
    ...steps,
    `digest ${digest}`,
  ];
  return `${lines.join("\n")}\n`;
}
