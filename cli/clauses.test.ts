import { describe, expect, it } from "vitest";
import { CLAUSES } from "../conformance/osb/clauses.ts";
import { listClauses } from "../conformance/index.ts";
import { drydock } from "./testing/run.ts";

interface Clause {
  readonly id: string;
  readonly level: string;
  readonly since: string;
  readonly testable: string;
  readonly checks: readonly string[];
  readonly reason?: string;
}

describe("clauses", () => {
  it("lists every clause with its checks, or why it has none, as JSON", async () => {
    const { code, stdout } = await drydock(["clauses", "--json"]);
    const clauses = JSON.parse(stdout) as readonly Clause[];
    expect(code).toBe(0);
    expect(clauses.map(({ id }) => id)).toEqual(CLAUSES.map(({ id }) => id));
    expect(clauses.some(({ checks }) => checks.length > 0)).toBe(true);
    for (const { level, since, checks, reason } of clauses) {
      expect(["MUST", "SHOULD", "MAY"]).toContain(level);
      expect(since).toMatch(/^2\.1[1-7]$/);
      if (checks.length === 0) expect(reason).toMatch(/\w/);
    }
  });

  it("prints them by section of the specification", async () => {
    const { code, stdout } = await drydock(["clauses"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Orphan Mitigation$/m);
    expect(stdout).toMatch(/credhub-read-permission +MUST +2\.16 +not testable: needs CredHub/);
    const judged = listClauses().filter(({ checks }) => checks.length > 0).length;
    expect(stdout).toContain(`\n${CLAUSES.length} clauses: ${judged} with a check`);
  });
});
