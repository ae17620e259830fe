import { flagOf } from "../conformance/runner/statement.ts";
import { judgedLine } from "./judged.ts";
import type { CheckReport, Counts, Report, ScenarioReport, SeedReport } from "./report.ts";
import { repeatLines } from "./repeat.ts";
import { countVerdicts, notExercised, statement, subjectOf } from "./report.ts";
import { specificationUrl } from "./specification.ts";
import { element, escapeText } from "./xml.ts";

/** Verdicts in JUnit's terms: a warning is a passed test, unknown is an error, not applicable is skipped. */
function tally(counts: Counts, durationMs: number) {
  const { fail, unknown, warn, pass } = counts;
  const skipped = counts["not-applicable"];
  return {
    tests: fail + unknown + warn + pass + skipped,
    failures: fail,
    errors: unknown,
    skipped,
    time: seconds(durationMs),
  };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function properties(pairs: readonly (readonly [name: string, value: string | undefined])[]): string {
  const written = pairs.flatMap(([name, value]) => (value === undefined ? [] : [element("property", { name, value })]));
  return element("properties", {}, written);
}

function detailOf(check: CheckReport): string {
  const lines = [
    `${check.level}: ${check.requirement}`,
    check.expected === undefined ? undefined : `expected: ${check.expected}`,
    check.seen === undefined ? undefined : `seen:     ${check.seen}`,
    ...repeatLines(check),
  ];
  return escapeText(lines.filter((line) => line !== undefined).join("\n"));
}

function outcomeOf(check: CheckReport): string[] {
  const message = check.reason ?? check.verdict;
  switch (check.verdict) {
    case "fail":
      return [element("failure", { type: check.level, message }, [detailOf(check)])];
    case "unknown":
      return [element("error", { type: "unknown", message }, [detailOf(check)])];
    case "not-applicable":
      return [element("skipped", { message })];
    case "warn":
      return [element("system-out", {}, [escapeText(`warning: ${message}\n`), detailOf(check)])];
    case "pass":
      return [];
  }
}

function checkCase(check: CheckReport, profile: string | undefined): string {
  const classname = `${check.suite}.${check.section}`;
  const attributes = { name: `${check.id}: ${check.title}`, classname, time: seconds(check.durationMs) };
  return element("testcase", attributes, [
    properties([
      ["check", check.id],
      ...check.clauses.map((clause) => ["clause", clause] as const),
      ["level", check.level],
      ["verdict", check.verdict],
      ["specification", specificationUrl(check, profile)],
      ["warning", check.verdict === "warn" ? (check.reason ?? check.title) : undefined],
      ["follows from", check.followsFrom],
    ]),
    ...outcomeOf(check),
  ]);
}

function seedDetail(seed: SeedReport): string {
  const { steps, replay } = seed.counterexample ?? { steps: [], replay: "" };
  return escapeText([seed.reason ?? seed.verdict, ...steps, replay].filter((line) => line !== "").join("\n"));
}

function seedCase(scenario: string, seed: SeedReport): string {
  const message = seed.reason ?? seed.verdict;
  const attributes = { name: `seed ${seed.seed}`, classname: `scenario.${scenario}`, time: seconds(seed.durationMs) };
  const outcome =
    seed.verdict === "fail"
      ? [element("failure", { type: "counterexample", message }, [seedDetail(seed)])]
      : seed.verdict === "unknown"
        ? [element("error", { type: "unknown", message }, [seedDetail(seed)])]
        : [];
  return element("testcase", attributes, [
    properties([
      ["seed", String(seed.seed)],
      ["digest", seed.digest],
      ["replay", seed.counterexample?.replay],
    ]),
    ...outcome,
  ]);
}

function sumMs(results: readonly { readonly durationMs: number }[]): number {
  return results.reduce((sum, each) => sum + each.durationMs, 0);
}

function about(report: Report): string {
  return properties([
    ["target", subjectOf(report.target)],
    ["profile", report.profile],
    ["judged", report.judged && judgedLine(report.judged)],
    ["tool", `${report.tool.name} ${report.tool.version}`],
    ...report.commands.map((command) => ["command", command] as const),
    ["statement", statement(report)],
    ["conformant", report.target.kind === "broker" ? String(report.conformant) : undefined],
    ...(report.coverage?.narrowedBy ?? []).map((each) => ["narrowed by", flagOf(each)] as const),
  ]);
}

function errorCase(name: string, type: string, message: string, text: string): string {
  const error = element("error", { type, message }, [escapeText(text)]);
  return element("testcase", { name, classname: "run", time: seconds(0) }, [error]);
}

/**
 * Faults of the run itself have their own test cases: that it broke off, so that no tool takes the part for the whole, and a suite all of whose
 * checks were skipped, which would look green.
 */
function runSuite(report: Report): { readonly cases: number; readonly elements: readonly string[] } {
  const cases = notExercised(report).map(({ suite }) =>
    errorCase(
      `the suite ${suite} is exercised`,
      "not-exercised",
      `nothing of ${suite} was exercised`,
      statement(report),
    ),
  );
  if (!report.isComplete) {
    const message = "the run did not finish";
    cases.push(errorCase("the run finishes", "incomplete", message, report.unfinished.join("\n")));
  }
  if (cases.length === 0) return { cases: 0, elements: [] };
  const attributes = { name: "run", tests: cases.length, failures: 0, errors: cases.length, skipped: 0 };
  return { cases: cases.length, elements: [element("testsuite", attributes, [about(report), ...cases])] };
}

/** The counts and times of all test suites: exactly the sums of theirs. */
function total(report: Report, runCases: number) {
  const seeds = report.scenarios.flatMap((each) => each.seeds);
  const sum = tally(countVerdicts([...report.checks, ...seeds]), sumMs([...report.checks, ...seeds]));
  return { ...sum, tests: sum.tests + runCases, errors: sum.errors + runCases };
}

/** The scenario's listed seeds; those that passed beyond the limit of the report have no test case. */
function scenarioSuite(report: Report, { scenario, seeds, counts }: ScenarioReport): string {
  const listed = { ...counts, pass: seeds.length - counts.fail - counts.unknown };
  const attributes = { name: scenario, timestamp: report.startedAt, ...tally(listed, sumMs(seeds)) };
  return element("testsuite", attributes, [about(report), ...seeds.map((seed) => seedCase(scenario, seed))]);
}

/** JUnit XML: a test suite per suite or scenario, a test case per check or seed, clause ids as properties. */
export function junitXml(report: Report): string {
  const suites = report.suites.map(({ suite, counts }) => {
    const checks = report.checks.filter((check) => check.suite === suite);
    const attributes = { name: suite, timestamp: report.startedAt, ...tally(counts, sumMs(checks)) };
    return element("testsuite", attributes, [
      about(report),
      ...checks.map((check) => checkCase(check, report.profile)),
    ]);
  });
  const scenarios = report.scenarios.map((scenario) => scenarioSuite(report, scenario));
  const run = runSuite(report);
  const name = `drydock ${subjectOf(report.target)}: ${report.headline}`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", { name, ...total(report, run.cases) }, [...suites, ...scenarios, ...run.elements])}\n`;
}
