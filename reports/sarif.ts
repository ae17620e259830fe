import type { RunEvent, Verdict } from "../conformance/runner/events.ts";
import { flagOf } from "../conformance/runner/statement.ts";
import { type CheckReport, failingSeeds, findings, notExercised, type Report, statement, subjectOf } from "./report.ts";
import { repeatLines } from "./repeat.ts";
import { specificationUrl } from "./specification.ts";

/** A broker has no source here, so a result points to the line of the event stream that proves it. */
const ARTIFACT = "run.jsonl";

/** The line of run.jsonl, from 1, at which a check (by its id) or a seed (`scenario/seed`) reached its verdict. */
export type EventLines = ReadonlyMap<string, number>;

/** The line of each verdict in a stream; of several for one check or seed, the last. */
export function eventLinesOf(events: Iterable<RunEvent>): EventLines {
  const lines = new Map<string, number>();
  let line = 0;
  for (const event of events) {
    line++;
    if (event.type === "check-finished") lines.set(event.check.id, line);
    if (event.type === "seed-finished") lines.set(`${event.scenario}/${event.seed}`, line);
  }
  return lines;
}
const LEVELS: Readonly<Partial<Record<Verdict, "error" | "warning" | "note">>> = {
  fail: "error",
  warn: "warning",
  unknown: "note",
};

interface Rule {
  readonly id: string;
  readonly shortDescription: { readonly text: string };
  readonly fullDescription: { readonly text: string };
  readonly helpUri?: string;
  readonly properties: { readonly tags: readonly string[] };
}

function ruleOf(id: string, check: CheckReport, profile: string | undefined): Rule {
  const helpUri = specificationUrl(check, profile);
  return {
    id,
    shortDescription: { text: check.title },
    fullDescription: { text: `${check.level}: ${check.requirement}` },
    ...(helpUri === undefined ? {} : { helpUri }),
    properties: { tags: [check.suite, check.level, check.section] },
  };
}

/** Each clause that a check of the run judges, including those that hold, so that a tool can distinguish fixed from not run. */
function rulesOf(report: Report): Rule[] {
  const rules = new Map<string, Rule>();
  for (const check of report.checks) {
    for (const clause of clausesOf(check))
      if (!rules.has(clause)) rules.set(clause, ruleOf(clause, check, report.profile));
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

function locationOf(report: Report, name: string, lines: EventLines, endpoint = name) {
  return {
    physicalLocation: { artifactLocation: { uri: ARTIFACT }, region: { startLine: lines.get(name) ?? 1 } },
    logicalLocations: [
      { name: endpoint, fullyQualifiedName: `${subjectOf(report.target)} ${endpoint}`, kind: "resource" },
    ],
  };
}

/** Method and route of the accused request, without ids: what a reader looks for in the broker's source. */
function endpointOf(check: CheckReport): string | undefined {
  const accused = check.evidence.find(({ setup }) => setup !== true);
  if (accused === undefined || !URL.canParse(accused.request.url)) return undefined;
  const { pathname } = new URL(accused.request.url);
  const route = pathname
    .replace(/(\/service_instances\/)[^/]+/, "$1:instance_id")
    .replace(/(\/service_bindings\/)[^/]+/, "$1:binding_id");
  return `${accused.request.method} ${route}`;
}

function checkResult(report: Report, check: CheckReport, lines: EventLines) {
  const { reason, expected, seen } = check;
  // A reason that says what was expected and seen says it all.
  const isWhole = reason !== undefined && (expected === undefined || reason.includes(expected));
  const more = isWhole ? [] : [expected && `Expected: ${expected}`, seen && `Seen: ${seen}`];
  const parts = [reason === undefined ? check.title : `${check.title}: ${reason}`, ...more];
  return {
    ruleId: clausesOf(check)[0],
    level: LEVELS[check.verdict],
    message: { text: [...parts.filter(Boolean), ...repeatLines(check)].join("\n") },
    locations: [locationOf(report, check.id, lines, endpointOf(check))],
    partialFingerprints: { "drydockCheck/v1": check.id },
    properties: {
      check: check.id,
      clauses: clausesOf(check),
      section: check.section,
      ...(check.followsFrom === undefined ? {} : { followsFrom: check.followsFrom }),
    },
  };
}

function seedResult(report: Report, seed: ReturnType<typeof failingSeeds>[number], lines: EventLines) {
  const { steps, replay } = seed.counterexample ?? { steps: [], replay: "" };
  return {
    ruleId: `scenario/${seed.scenario}`,
    level: LEVELS[seed.verdict],
    message: { text: [`Seed ${seed.seed}: ${seed.reason ?? seed.verdict}`, ...steps, replay].join("\n").trim() },
    locations: [locationOf(report, `${seed.scenario}/${seed.seed}`, lines)],
    partialFingerprints: { "drydockSeed/v1": `${seed.scenario}/${seed.seed}` },
    properties: { seed: seed.seed, digest: seed.digest },
  };
}

/** The description of the run, so that nobody mistakes a file without results for proof of health. */
function invocationsOf(report: Report) {
  const level = notExercised(report).length > 0 || !report.isComplete ? "error" : "note";
  return report.commands.map((commandLine) => ({
    commandLine,
    executionSuccessful: report.isComplete,
    ...(report.exitCode === undefined ? {} : { exitCode: report.exitCode }),
    toolExecutionNotifications: [{ level, message: { text: statement(report) } }],
  }));
}

/** SARIF 2.1.0: clause ids are the rules; failures are errors, violated SHOULDs warnings, unknowns notes. */
export function sarif(report: Report, lines: EventLines): object {
  const results = [
    ...findings(report).map((check) => checkResult(report, check, lines)),
    ...failingSeeds(report).map((seed) => seedResult(report, seed, lines)),
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
