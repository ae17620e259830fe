import { describe, expect, it } from "vitest";
import { BODY_RULES, fits } from "./bodies.ts";
import { clauseOf } from "./clauses.ts";

const format = (name: string) => (value: string) => fits({ type: "string", format: name }, value);

describe("the rows about bodies", () => {
  it.each(BODY_RULES)("$clauses.0 $id: names clauses and operations, and is not satisfied with everything", (rule) => {
    for (const id of rule.clauses) expect(clauseOf(id).testable).not.toBe("no");
    expect(rule.on.length * rule.status.length).toBeGreaterThan(0);
    const samples = [
      5,
      "",
      "x".repeat(10_001),
      [5],
      { a: 5 },
      { labels: 5 },
      "http://a.example/",
      "2999-01-01T00:00:00Z",
    ];
    const refused = samples.filter((value) => !fits(rule.schema, value));
    expect(rule.isRequired || refused.length > 0).toBe(true);
  });

  it.each([
    ["absolute-url", ["https://a.example/x", "syslog-tls://logs:6514"], ["not a url", "/path", ""]],
    [
      "instant",
      ["2026-01-02T03:04:05.0Z", "2026-01-02T03:04:05Z"],
      ["2026-01-02", "2026-01-02T03:04:05+01:00", "2026-13-02T03:04:05Z"],
    ],
    [
      "host",
      ["db.example.com", "db_1.local.", "10.0.0.1", "2001:db8::1", "a"],
      ["", "db example", "http://a", "-a", "db:5432"],
    ],
    ["port-range", ["1", "5432", "5432-5439", "65535"], ["", "0", "65536", "9-5", "5432,5433", "http"]],
  ])("%s: what is one and what is not", (name, right, wrong) => {
    expect(right.filter((value) => !format(name)(value))).toEqual([]);
    expect(wrong.filter(format(name))).toEqual([]);
  });
});
