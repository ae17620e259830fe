import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { Exercise } from "../scenarios/coverage.ts";
import { RUN_EVENT_VERSION, type RunEvent, type Verdict } from "../conformance/runner/events.ts";
import { INVOCATION } from "../conformance/runner/tool.ts";
import { openReports } from "../reports/index.ts";
import type { LivePage } from "../reports/live/server.ts";
import type { Scenario, SeedResult } from "../scenarios/scenario.ts";
import { EXIT, UserError } from "./errors.ts";
import { openFailingSeeds } from "./failing-seeds.ts";
import { hasProvedSomething } from "./run-proof.ts";
import { runInterruptibly, openSession, type Session } from "./session.ts";
import { SCENARIOS } from "../scenarios/scenarios.ts";
import type { QueueOptions } from "./run-queue.ts";
import { flagsOf, playSeeds, type Preparation, replayLine, type SeedRun, seedsInOrder } from "./run-seeds.ts";
import { findScenario, subjectName, type SubjectOptions } from "./run-subject.ts";

/** The options of `run`. */
export interface RunOptions extends SubjectOptions, QueueOptions {
  readonly seeds: number;
  readonly from: number;
  readonly plantedBug?: string;
  /** Print what the run exercised, by name, even if everything passed. */
  readonly coverage?: boolean;
  readonly list?: boolean;
  /** Serve a live page of the run. */
  readonly ui?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly out?: string;
  readonly version: string;
}

/** The options of `replay`. */
export interface ReplayOptions extends SubjectOptions {
  /** Walk through the steps, with the state before and after each. */
  readonly step?: boolean;
  /** Folder for the page of the seed. */
  readonly out?: string;
  /** Stop after this step, counted from 1, and open the cloud. */
  readonly until?: number;
  readonly seed: number;
  readonly path?: string;
  readonly plantedBug?: string;
  readonly json?: boolean;
}

/** @throws UserError CLI_BAD_OPTION */
function preparation(scenario: Scenario, plantedBug: string | undefined): Preparation {
  if (plantedBug === undefined) return () => scenario.prepare({});
  const bug = scenario.plantedBugs.find((each) => each === plantedBug);
  if (bug === undefined)
    throw new UserError(
      "CLI_BAD_OPTION",
      `--planted-bug ${plantedBug}: there is ${scenario.plantedBugs.join(", ") || "none"}`,
    );
  return () => scenario.prepare({ plantedBug: bug });
}

function finishedEvent({ scenario, as, options }: SeedRun, result: SeedResult, durationMs: number): RunEvent {
  const { counterexample, coverage: _coverage, ...rest } = result;
  const shrunk = counterexample && {
    counterexample: {
      steps: counterexample.steps,
      replay: replayLine(as, result, counterexample.path, flagsOf(options)),
    },
  };
  return {
    v: RUN_EVENT_VERSION,
    type: "seed-finished",
    scenario: scenario.name,
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

async function runSeeds(run: SeedRun, exercise: Exercise): Promise<typeof NO_COUNTS> {
  const { session, failing } = run;
  const counts = { ...NO_COUNTS };
  for await (const { result, durationMs } of playSeeds(run)) {
    failing.note(result.seed, result.verdict === "pass");
    if (result.coverage !== undefined) exercise.add(result.coverage);
    counts[result.verdict]++;
    session.emit(finishedEvent(run, result, durationMs));
  }
  return counts;
}

function startedEvent({ scenario, as, options, failing }: SeedRun): RunEvent {
  const { seeds, from, version } = options;
  return {
    v: RUN_EVENT_VERSION,
    type: "run-started",
    at: new Date().toISOString(),
    run: randomUUID(),
    tool: { name: "drydock", version },
    command: `${INVOCATION} run ${as} --seeds ${seeds} --from ${from}${flagsOf(options)}`,
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
    const isProof = await hasProvedSomething(
      run,
      exercise.plays > 0 || run.scenario.pairs.length > 0 ? exercise.coverage : undefined,
    );
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

const sayAloud =
  (options: { readonly json?: boolean; readonly quiet?: boolean }) =>
  (line: string): void =>
    void (options.json !== true && options.quiet !== true && process.stderr.write(`${line}\n`));

/** `drydock run [scenario]`. Returns the exit code. @throws UserError */
export async function run(name: string, options: RunOptions): Promise<number> {
  if (options.list === true) return listScenarios();
  const scenario = await findScenario(name, options, sayAloud(options));
  return runInterruptibly((signal) => runScenario(scenario, options, signal, name));
}

/**
 * Runs seeds of a scenario and reports each; stops between two seeds once the signal is aborted. Returns the exit code.
 *
 * @param as how a command line refers to the scenario. Default: its name
 * @throws UserError
 */
export async function runScenario(
  scenario: Scenario,
  options: RunOptions,
  signal: AbortSignal,
  as = scenario.name,
): Promise<number> {
  const { out, json, quiet, plantedBug } = options;
  const prepare = preparation(scenario, plantedBug);
  const subject = subjectName(scenario.name, options);
  const failing = openFailingSeeds(
    resolve(out ?? ".drydock"),
    plantedBug === undefined ? subject : `${subject}+${plantedBug}`,
  );
  const session = json === true ? jsonSession(out) : openSession({ out, quiet });
  await using page = options.ui === true ? await openPage(as) : undefined;
  const shown = page === undefined ? session : withPage(session, page);
  // Awaited, so that the page lasts as long as the run.
  return await runAndReport({ scenario, as, prepare, options, session: shown, failing, signal });
}

const openPage = async (as: string): Promise<LivePage> => (await import("./live/open.ts")).openRunPage(as);

const withPage = (session: Session, { hub }: LivePage): Session => ({
  ...session,
  emit: (event) => {
    session.emit(event);
    hub.take(event);
  },
});

/** `drydock replay <scenario>`. Returns the exit code. @throws UserError */
export async function replay(name: string, options: ReplayOptions): Promise<number> {
  const scenario = await findScenario(name, options, sayAloud(options));
  const { seed, path, plantedBug, json, step, out, until } = options;
  if (until !== undefined) {
    if (step === true || out !== undefined || json === true)
      throw new UserError("CLI_BAD_OPTION", "--until opens the cloud: leave out --step, --out and --json");
    const { replayUntil } = await import("./replay-until.ts");
    return replayUntil(scenario, { ...options, until });
  }
  const prepared = await preparation(scenario, plantedBug)();
  if (step === true || out !== undefined) {
    const { replayTraced } = await import("./replay-traced.ts");
    const result = await replayTraced(name, prepared, {
      ...options,
      replay: (at) => replayLine(name, { seed }, at, flagsOf(options)),
    });
    return exitCodeOf(result.verdict);
  }
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
