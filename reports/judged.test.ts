import { describe, expect, it } from "vitest";
import type { RunEvent } from "../conformance/runner/events.ts";
import { EXAMPLE_RUN } from "./fixtures/example.ts";
import { foldRun } from "./fold.ts";
import { judgedLine } from "./judged.ts";
import { junitXml } from "./junit.ts";
import { summaryMarkdown } from "./markdown.ts";
import { summaryLines } from "./summary.ts";

const VERSION = "Judged as 2.17, the newest version that the broker takes (--profile overrides).";
const plan = (name: string) => ({ service: "db", plan: name });

/** The example run, with what it judges. */
const judging = (plans: readonly string[], run = "1"): readonly RunEvent[] =>
  EXAMPLE_RUN.map((event) =>
    event.type === "run-started" ? { ...event, run, judged: { plans: plans.map(plan), version: VERSION } } : event,
  );

describe("what a run judges", () => {
  const report = foldRun(judging(["small", "large"]));

  it("is one line: the plans under test, and why the broker is judged by this version", () => {
    expect(judgedLine({ plans: [plan("small")], version: VERSION })).toBe(`1 plan: db/small. ${VERSION}`);
    const many = ["a", "b", "c", "d", "e", "f"].map(plan);
    expect(judgedLine({ plans: many, version: VERSION })).toBe(
      `6 plans: db/a, db/b, db/c, db/d and 2 more. ${VERSION}`,
    );
  });

  it("is part of the summary, of Markdown and of JUnit", () => {
    const line = `2 plans: db/small, db/large. ${VERSION}`;
    expect(summaryLines(report).join("\n")).toContain(line);
    expect(summaryMarkdown(report).replaceAll("\\", "")).toContain(line);
    expect(junitXml(report)).toContain(`name="judged" value="${line}"`);
  });

  it("is that of all shards, each plan once", () => {
    const merged = foldRun([...judging(["small", "large"], "1"), ...judging(["large", "huge"], "2")]);
    expect(merged.judged?.plans.map((each) => each.plan)).toEqual(["small", "large", "huge"]);
  });

  it("may be missing, in the stream and in each report", () => {
    const before = foldRun(EXAMPLE_RUN);
    expect(before.judged).toBeUndefined();
    expect(summaryLines(before).join("\n")).not.toContain("Judged as");
  });
});
