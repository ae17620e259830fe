import { certify } from "./certify.ts";
import { osbSuite } from "./osb/suite.ts";
import type { RunEvent } from "./runner/events.ts";
import type { CertifyOptions } from "./runner/options.ts";
import { type Selection, selectChecks } from "./runner/selection.ts";
import { flagOf } from "./runner/statement.ts";
import type { AnySuite } from "./runner/suite.ts";
import type { CertifySummary } from "./runner/summary.ts";
import { SUITES } from "./suites/suites.ts";

/** The longest wait of one test for its verdict, in milliseconds, including the checks before it. */
const TEST_MS_MAX = 1_800_000;

/** Options of `certify`, and the name of the tests. */
export interface DescribeOptions extends Omit<CertifyOptions, "suites"> {
  /** Default: the OSB suite. */
  readonly suites?: readonly AnySuite[];
  /** Heading of the tests. Default: the URL. What narrows the run is added to it. */
  readonly title?: string;
}

type Finished = Extract<RunEvent, { type: "check-finished" }>;

/**
 * The message of a failed test: the requirement, the expected and the observed behaviour, and the commands
 * that reproduce it.
 */
function explain({ check, expected, seen, reason, evidence }: Finished): string {
  const lines = [
    reason ?? check.title,
    `${check.level} ${check.clauses.join(", ")} (${check.section}): ${check.requirement}`,
    expected && `expected: ${expected}`,
    seen && `seen: ${seen}`,
    ...evidence.map(({ curl }) => curl),
  ];
  return lines.filter((line) => line !== undefined).join("\n");
}

interface LazyRun {
  verdictOf(id: string): Promise<Finished>;
  summary(): Promise<CertifySummary>;
  /** Waits for a run in progress. */
  end(): Promise<void>;
}

/** One run of the suites, started by the first test. */
function lazyRun(options: CertifyOptions): LazyRun {
  const finished = new Map<string, PromiseWithResolvers<Finished>>();
  const slotOf = (id: string): PromiseWithResolvers<Finished> => {
    const slot = finished.get(id) ?? Promise.withResolvers<Finished>();
    finished.set(id, slot);
    return slot;
  };
  let run: Promise<CertifySummary> | undefined;
  const begin = (): Promise<CertifySummary> => {
    run ??= certify(options, (event) => {
      if (event.type === "check-finished") slotOf(event.check.id).resolve(event);
    });
    return run;
  };
  return {
    verdictOf: async (id) => {
      const ended = begin().then(() => {
        throw new Error(`the run ended without a verdict of ${id}`);
      });
      return Promise.race([slotOf(id).promise, ended]);
    },
    summary: begin,
    end: async () => void (await run),
  };
}

/** The title, and in brackets the part of the suites that is run if it is not everything. */
function headingOf(title: string, { checks, scope }: Selection): string {
  if (scope.narrowedBy.length === 0) return title;
  const all = scope.suites.reduce((sum, suite) => sum + suite.checks.length, 0);
  return `${title} (${checks.length} of ${all} checks; ${scope.narrowedBy.map(flagOf).join(", ")})`;
}

/** A run with all tests skipped is green, so a suite in which nothing could be exercised must fail a test. */
function requireExercised({ coverage, statement }: CertifySummary, suite: string): void {
  const found = coverage.suites.find((each) => each.suite === suite);
  if (found === undefined || found.verdict === "not-exercised")
    throw new Error(`nothing of the suite ${suite} could be exercised. ${statement}`);
}

/**
 * Turns the checks into vitest tests, one each, in a vendor's own suite: `await describeConformance({url, username, password})`
 * at the top level of a test file. A failed MUST fails its test; a warning passes and is printed; what does not apply is
 * skipped with the reason; unknown fails. One test more for each suite fails when nothing of it could be exercised. The checks run
 * side by side as in `certify`, and clean up when the last test ends.
 *
 * @throws TargetError no-such-check if `only` names an unknown check.
 */
export async function describeConformance(options: DescribeOptions): Promise<void> {
  const { afterAll, describe, test } = await import("vitest");
  const suites = options.suites ?? [osbSuite];
  const selection = selectChecks({ knownSuites: Object.values(SUITES), ...options, suites });
  const run = lazyRun({ ...options, suites });
  describe(headingOf(options.title ?? `conformance of ${options.url}`, selection), () => {
    for (const { check } of selection.checks) {
      test(
        `${check.id}: ${check.requirement}`,
        async ({ skip, annotate }) => {
          const result = await run.verdictOf(check.id);
          if (result.verdict === "not-applicable") return skip(result.reason);
          if (result.verdict === "warn") await annotate(explain(result), "warning");
          else if (result.verdict !== "pass") throw new Error(explain(result));
        },
        TEST_MS_MAX,
      );
    }
    for (const suite of new Set(selection.checks.map((each) => each.suite.name)))
      test(
        `${suite}: something was exercised`,
        async ({ annotate }) => {
          const summary = await run.summary();
          requireExercised(summary, suite);
          await annotate(summary.statement, "notice");
        },
        TEST_MS_MAX,
      );
    afterAll(() => run.end(), TEST_MS_MAX);
  });
}
