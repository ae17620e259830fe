import type { Verdict } from "../conformance/events.ts";
import type { Report } from "./report.ts";

const STATUS: Readonly<Record<Verdict, string>> = {
  fail: "failed",
  unknown: "other",
  warn: "passed",
  pass: "passed",
  "not-applicable": "skipped",
};

function checkTests(report: Report) {
  return report.checks.map((check) => ({
    name: `${check.id}: ${check.title}`,
    status: STATUS[check.verdict],
    rawStatus: check.verdict,
    duration: Math.round(check.durationMs),
    suite: [check.suite, check.section],
    tags: [check.level, ...check.clauses],
    ...(check.reason === undefined ? {} : { message: check.reason }),
  }));
}

function seedTests(report: Report) {
  return report.scenarios.flatMap(({ scenario, seeds }) =>
    seeds.map((seed) => ({
      name: `seed ${seed.seed}`,
      status: STATUS[seed.verdict],
      rawStatus: seed.verdict,
      duration: Math.round(seed.durationMs),
      suite: ["scenario", scenario],
      ...(seed.reason === undefined ? {} : { message: seed.reason }),
      ...(seed.counterexample === undefined ? {} : { trace: seed.counterexample.steps.join("\n") }),
    })),
  );
}

/** Common Test Report Format (ctrf.io), times in milliseconds. The summary counts what is listed under `tests`. */
export function ctrf(report: Report): object {
  const tests = [...checkTests(report), ...seedTests(report)];
  const count = (status: string) => tests.filter((each) => each.status === status).length;
  const start = Date.parse(report.startedAt);
  return {
    reportFormat: "CTRF",
    specVersion: "0.0.0",
    results: {
      tool: report.tool,
      summary: {
        tests: tests.length,
        passed: count("passed"),
        failed: count("failed"),
        pending: 0,
        skipped: count("skipped"),
        other: count("other"),
        start,
        stop: report.finishedAt === undefined ? start : Date.parse(report.finishedAt),
      },
      tests,
    },
  };
}
