import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffLines } from "./diff.ts";

const diff = (before: unknown, after: unknown, redact = false): readonly string[] =>
  diffLines(before, after, redact).map(
    ([line, mark]) => `${mark === null ? " " : mark === "added" ? "+" : "-"} ${line}`,
  );

describe("a diff", () => {
  it("shows a change of a plain value as two sections, the old one first", () => {
    expect(diff({ name: "a" }, { name: "b" })).toEqual(["- name: a", "  ", "+ name: b"]);
  });

  it("shows a change within a section once, under its heading", () => {
    expect(diff({ update: { canaries: 1, serial: true } }, { update: { canaries: 2, serial: true } })).toEqual([
      "  update:",
      "-   canaries: 1",
      "+   canaries: 2",
    ]);
  });

  it("treats list elements of the same name as the same", () => {
    const before = { azs: [{ name: "z1", cloud_properties: { a: 1 } }, { name: "z2" }] };
    const after = { azs: [{ name: "z3" }, { name: "z1", cloud_properties: { a: 2 } }] };
    expect(diff(before, after)).toEqual([
      "  azs:",
      "+ - name: z3",
      "  - name: z1",
      "    cloud_properties:",
      "-     a: 1",
      "+     a: 2",
      "- - name: z2",
    ]);
  });

  it("has the sections in the director's order, others last, with a blank line between", () => {
    const after = { other: [1], variables: [2], releases: [3], azs: [4] };
    expect(diff({}, after)).toEqual([
      "+ azs:",
      "+ - 4",
      "  ",
      "+ releases:",
      "+ - 3",
      "  ",
      "+ variables:",
      "+ - 2",
      "  ",
      "+ other:",
      "+ - 1",
    ]);
  });

  it("hides everything under properties and env.bosh if it redacts", () => {
    const after = { properties: { a: { b: "secret" } }, env: { bosh: { c: "secret" }, d: "shown" } };
    expect(diff({}, after, true)).toEqual([
      "+ properties:",
      "+   a:",
      '+     b: "<redacted>"',
      "  ",
      "+ env:",
      "+   bosh:",
      '+     c: "<redacted>"',
      "+   d: shown",
    ]);
    expect(diff({}, after, false).join("\n")).not.toContain("redacted");
  });

  it("is empty exactly if the documents are equal", () => {
    const key = fc.constantFrom("azs", "name", "x");
    const value = fc.oneof(fc.integer(), fc.array(fc.integer(), { maxLength: 3 }), fc.dictionary(key, fc.integer()));
    const document = fc.dictionary(key, value);
    fc.assert(
      fc.property(document, document, (before, after) => {
        expect(diff(before, before)).toEqual([]);
        const isSame = JSON.stringify(before) === JSON.stringify(after);
        const isSameKeys = Object.keys(before).every(
          (each) => JSON.stringify(before[each]) === JSON.stringify(after[each]),
        );
        fc.pre(isSame || !isSameKeys || Object.keys(before).length !== Object.keys(after).length);
        expect(diff(before, after).length > 0).toBe(!isSame);
      }),
    );
  });
});
