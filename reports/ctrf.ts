import type { Verdict } from "../conformance/runner/events.ts";
import { flagOf } from "../conformance/runner/statement.ts";
import { notExercised, type Report, statement } from "./report.ts";

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

/** Without it, a suite all of whose checks were skipped would look green. */
function suiteTests(report: Report) {
  return notExercised(report).map(({ suite, verdict }) => ({
    name: `the suite ${suite} is exercised`,
    status: STATUS.unknown,
    rawStatus: verdict,
    duration: 0,
    suite: [suite],
    message: statement(report),
  }));
}

/** Common Test Report Format (ctrf.io), times in milliseconds. The summary counts what is listed under `tests`. */
export function ctrf(report: Report): object {
  const tests = [...checkTests(report), ...seedTests(report), ...suiteTests(report)];
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
        extra: {
          statement: statement(report),
          ...(report.target.kind === "broker" && { conformant: report.conformant }),
          narrowedBy: (report.coverage?.narrowedBy ?? []).map(flagOf),
          commands: report.commands,
        },
      },
      tests,
    },
  };
}
