import type { Verdict } from "../conformance/runner/events.ts";
import { flagOf } from "../conformance/runner/statement.ts";
import {
  curlOf,
  type CheckReport,
  failingSeeds,
  findings,
  notExercised,
  type Report,
  statement,
  subjectOf,
} from "./report.ts";

/** A broker has no source here, so that a result points to the event stream that proves it. */
const ARTIFACT = "run.jsonl";
const LEVELS: Readonly<Partial<Record<Verdict, "error" | "warning" | "note">>> = {
  fail: "error",
  warn: "warning",
  unknown: "note",
};

interface Rule {
  readonly id: string;
  readonly shortDescription: { readonly text: string };
  readonly fullDescription: { readonly text: string };
  readonly properties: { readonly tags: readonly string[] };
}

function ruleOf(id: string, check: CheckReport): Rule {
  return {
    id,
    shortDescription: { text: check.title },
    fullDescription: { text: `${check.level}: ${check.requirement}` },
    properties: { tags: [check.suite, check.level, check.section] },
  };
}

/** Each clause that a check of the run judges, also those that hold, so that a tool can tell mended from not run. */
function rulesOf(report: Report): Rule[] {
  const rules = new Map<string, Rule>();
  for (const check of report.checks) {
    for (const clause of clausesOf(check)) if (!rules.has(clause)) rules.set(clause, ruleOf(clause, check));
  }
  for (const { scenario } of report.scenarios) {
    const text = `Scenario ${scenario}: holds its invariants on every seed`;
    rules.set(`scenario/${scenario}`, {
      id: `scenario/${scenario}`,
      shortDescription: { text },
      fullDescription: { text },
      properties: { tags: ["scenario"] },
    });
  }
  return [...rules.values()];
}

function clausesOf(check: CheckReport): readonly string[] {
  return check.clauses.length > 0 ? check.clauses : [check.id];
}

function locationOf(report: Report, name: string) {
  return {
    physicalLocation: { artifactLocation: { uri: ARTIFACT }, region: { startLine: 1 } },
    logicalLocations: [{ name, fullyQualifiedName: `${subjectOf(report.target)}#${name}`, kind: "resource" }],
  };
}

function checkResult(report: Report, check: CheckReport) {
  const { reason, expected, seen } = check;
  const curl = curlOf(check);
  const lines = [reason ?? check.title, expected && `Expected: ${expected}`, seen && `Seen: ${seen}`, curl];
  return {
    ruleId: clausesOf(check)[0],
    level: LEVELS[check.verdict],
    message: { text: lines.filter(Boolean).join("\n") },
    locations: [locationOf(report, check.id)],
    partialFingerprints: { "drydockCheck/v1": check.id },
    properties: { check: check.id, clauses: clausesOf(check), section: check.section },
  };
}

function seedResult(report: Report, seed: ReturnType<typeof failingSeeds>[number]) {
  const { steps, replay } = seed.counterexample ?? { steps: [], replay: "" };
  return {
    ruleId: `scenario/${seed.scenario}`,
    level: LEVELS[seed.verdict],
    message: { text: [`Seed ${seed.seed}: ${seed.reason ?? seed.verdict}`, ...steps, replay].join("\n").trim() },
    locations: [locationOf(report, `${seed.scenario}/${seed.seed}`)],
    partialFingerprints: { "drydockSeed/v1": `${seed.scenario}/${seed.seed}` },
    properties: { seed: seed.seed, digest: seed.digest },
  };
}

/** What the run was, for whoever would take a file without results for a clean bill. */
function invocationsOf(report: Report) {
  const level = notExercised(report).length > 0 || !report.isComplete ? "error" : "note";
  return report.commands.map((commandLine) => ({
    commandLine,
    executionSuccessful: report.isComplete,
    ...(report.exitCode === undefined ? {} : { exitCode: report.exitCode }),
    toolExecutionNotifications: [{ level, message: { text: statement(report) } }],
  }));
}

/** SARIF 2.1.0: clause ids are the rules; failures are errors, violated SHOULDs warnings, what stayed unknown a note. */
export function sarif(report: Report): object {
  const results = [
    ...findings(report).map((check) => checkResult(report, check)),
    ...failingSeeds(report).map((seed) => seedResult(report, seed)),
  ];
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: report.tool.name, semanticVersion: report.tool.version, rules: rulesOf(report) } },
        invocations: invocationsOf(report),
        results,
        properties: {
          statement: statement(report),
          ...(report.target.kind === "broker" && { conformant: report.conformant }),
          narrowedBy: (report.coverage?.narrowedBy ?? []).map(flagOf),
        },
      },
    ],
  };
}
