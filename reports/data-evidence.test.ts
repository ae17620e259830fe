import { describe, expect, it } from "vitest";
import type { Exchange, RunEvent } from "../conformance/runner/events.ts";
import { isRunEvent } from "./event-schema.ts";
import { junitXml } from "./junit.ts";
import { foldRun } from "./fold.ts";

const STEP: Exchange = {
  curl: `PGUSER="$BINDING_USER" PGPASSWORD="$BINDING_PASSWORD" psql -h 'db' -p 5432 -d 'd1' -c 'SELECT 1'`,
  request: { method: "SQL", url: "postgres://db:5432/d1", headers: { from: "application" }, body: "SELECT 1" },
  response: { headers: {}, body: "logged in", elapsedMs: 3 },
};

const CHECK: RunEvent = {
  v: 1,
  type: "check-finished",
  check: {
    id: "IS-25",
    suite: "isolation",
    title: "credentials work at their own instance only",
    level: "MUST",
    clauses: ["IS-25"],
    section: "Authentication",
    requirement: "They are refused at every other.",
  },
  verdict: "fail",
  reason: "expected a refusal, seen a login",
  durationMs: 5,
  evidence: [STEP],
};

const RUN: readonly RunEvent[] = [
  {
    v: 1,
    type: "run-started",
    at: "2026-01-01T00:00:00.000Z",
    run: "r",
    tool: { name: "drydock", version: "0" },
    command: "drydock certify http://b",
    target: { kind: "broker", url: "http://b" },
    planned: 1,
  },
  CHECK,
];

describe("a step on the data plane as evidence", () => {
  it("is an event in the stream, and survives writing and reading", () => {
    expect(isRunEvent(JSON.parse(JSON.stringify(CHECK)))).toBe(true);
  });

  it("is reported by its psql line", () => {
    const report = foldRun(RUN);
    expect(report.checks[0]?.evidence).toEqual([STEP]);
    expect(junitXml(report)).toContain("psql -h 'db' -p 5432 -d 'd1' -c 'SELECT 1'");
  });
});
