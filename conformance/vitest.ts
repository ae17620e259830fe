import type { CheckInfo, RunEvent } from "./events.ts";
import { osbSuite } from "./osb/suite.ts";
import { certify, type CertifyOptions } from "./runner/certify.ts";
import { isWanted } from "./runner/only.ts";
import type { AnySuite } from "./runner/suite.ts";

/** Longest wait of one test for its verdict, in milliseconds: the checks before it come first. */
const TEST_MS_MAX = 1_800_000;

export interface DescribeOptions extends Omit<CertifyOptions, "suites"> {
  /** Default: the OSB suite. */
  readonly suites?: readonly AnySuite[];
  /** Heading of the tests. Default: the URL. */
  readonly title?: string;
}

type Finished = Extract<RunEvent, { type: "check-finished" }>;

/** What a failed test says: the requirement, what was expected and seen, and the lines that show it. */
function told({ check, expected, seen, reason, evidence }: Finished): string {
  const lines = [
    reason ?? check.title,
    `${check.level} ${check.clauses.join(", ")} (${check.section}): ${check.requirement}`,
    expected && `expected: ${expected}`,
    seen && `seen: ${seen}`,
    ...evidence.map(({ curl }) => curl),
  ];
  return lines.filter((line) => line !== undefined).join("\n");
}

/** One run of the suites, begun when the first test asks. */
function lazyRun(options: CertifyOptions): { verdictOf(id: string): Promise<Finished>; end(): Promise<void> } {
  const finished = new Map<string, PromiseWithResolvers<Finished>>();
  const slotOf = (id: string): PromiseWithResolvers<Finished> => {
    const slot = finished.get(id) ?? Promise.withResolvers<Finished>();
    finished.set(id, slot);
    return slot;
  };
  let run: Promise<unknown> | undefined;
  const begin = (): Promise<unknown> => {
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
    end: async () => void (await run),
  };
}

/**
 * Turns the checks into vitest tests, one each, in a vendor's own suite: `await describeConformance({url, username, password})`
 * at the top level of a test file. A failed MUST fails its test; a warning passes and is printed; what does not apply is
 * skipped with the reason; unknown fails. The checks run side by side as in `certify`, and clean up when the last test ends.
 */
export async function describeConformance(options: DescribeOptions): Promise<void> {
  const { afterAll, describe, test } = await import("vitest");
  const suites = options.suites ?? [osbSuite];
  const checks: readonly CheckInfo[] = suites.flatMap((suite) => suite.checks);
  const run = lazyRun({ ...options, suites });
  describe(options.title ?? `conformance of ${options.url}`, () => {
    for (const check of checks.filter(({ id }) => isWanted(id, options.only))) {
      test(
        `${check.id}: ${check.requirement}`,
        async ({ skip, annotate }) => {
          const result = await run.verdictOf(check.id);
          if (result.verdict === "not-applicable") return skip(result.reason);
          if (result.verdict === "warn") await annotate(told(result), "warning");
          else if (result.verdict !== "pass") throw new Error(told(result));
        },
        TEST_MS_MAX,
      );
    }
    afterAll(() => run.end(), TEST_MS_MAX);
  });
}
