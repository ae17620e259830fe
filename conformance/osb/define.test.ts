import { describe, expect, it } from "vitest";
import { pass } from "../runner/check.ts";
import { OSB_CHECKS } from "./checks.ts";
import { clauseOf } from "./clauses.ts";
import { probe, review } from "./define.ts";

const written = { id: "bind-conflict-409", title: "A title", requirement: "A requirement.", run: () => pass() };

describe("a check", () => {
  it("has the level, section and versions of its first clause", () => {
    const { level, section, since, until } = clauseOf("concurrency-legacy-description");
    const clauses = ["concurrency-legacy-description", "concurrency-422"];
    expect(probe({ ...written, clauses })).toMatchObject({ id: written.id, clauses, level, section, since, until });
  });

  it("has those that it states itself instead", () => {
    expect(probe({ ...written, level: "MAY", since: 14, until: 16 })).toMatchObject({
      level: "MAY",
      since: 14,
      until: 16,
      clauses: ["bind-conflict-409"],
    });
  });

  it("cannot name a clause that does not exist", () => {
    expect(() => probe({ ...written, clauses: ["bind-conflict-409", "bind-conflict-410"] })).toThrow(
      "bind-conflict-410",
    );
  });

  it("that reviews the run comes last and holds no instance", () => {
    expect(review(written)).toMatchObject({ phase: "review", instances: 0 });
    expect(probe(written).phase).toBeUndefined();
  });

  it("that sends requests may hold an instance unless it says otherwise", () => {
    expect(probe(written).instances).toBeUndefined();
    expect(probe({ ...written, needs: { instances: 0, exclusive: true } })).toMatchObject({
      instances: 0,
      exclusive: true,
    });
  });
});

describe("the checks", () => {
  it("have titles of their own", () => {
    const titles = OSB_CHECKS.map(({ title }) => title);
    expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
  });

  it("have sentences for titles, and not their ids", () => {
    const odd = OSB_CHECKS.filter(
      ({ id, title }) => !title.includes(" ") || title.endsWith(".") || title === id.replaceAll("-", " "),
    );
    expect(odd).toEqual([]);
  });

  it("say in a sentence what the specification demands", () => {
    expect(OSB_CHECKS.filter(({ requirement }) => !/\S+ .*[.)]$/.test(requirement)).map(({ id }) => id)).toEqual([]);
  });
});

it("a check without a clause is refused in one line that says what to do", () => {
  const check = { id: "no-such-clause", title: "T", requirement: "R", run: () => pass() };
  expect(() => probe(check)).toThrow(/^there is no clause "no-such-clause": .*drydock clauses.*\(SUITE_NO_CLAUSE\)$/);
});
