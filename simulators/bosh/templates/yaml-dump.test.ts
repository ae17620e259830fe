import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readYaml } from "./yaml.ts";
import { dumpYaml } from "./yaml-dump.ts";
import { syntaxError } from "./yaml-errors.ts";

const scalar = (value: unknown): string => dumpYaml({ a: value }).slice("---\na:".length, -1).trimStart();

describe("Psych", () => {
  it.each([
    ["y", '"y"'],
    ["n", '"n"'],
    ["Y", '"Y"'],
    ["N", '"N"'],
    ["yes", "'yes'"],
    ["No", "'No'"],
    ["on", "'on'"],
    ["OFF", "'OFF'"],
    ["true", "'true'"],
    ["null", "'null'"],
    ["", "''"],
    ["1", "'1'"],
    ["-7", '"-7"'],
    ["1.5", "'1.5'"],
    ["1_000", "'1_000'"],
    ["1,000", "'1,000'"],
    ["010", "'010'"],
    ["08", "'08'"],
    ["0777.5", "'0777.5'"],
    ["1.5e+3", "'1.5e+3'"],
    ["<<", "!!str '<<'"],
    ["0b101", "'0b101'"],
    ["0x1F", "'0x1F'"],
    ["190:20:30", "'190:20:30'"],
    ["1:30", "'1:30'"],
    ["2026-01-02", "'2026-01-02'"],
    ["a: b", "'a: b'"],
    ["a:", "'a:'"],
    ["a #b", "'a #b'"],
    ["a ", "'a '"],
    ["it's: so", "'it''s: so'"],
  ])("puts the text %j in quotes, as %s", (text, written) => {
    expect(scalar(text)).toBe(written);
  });

  it.each([
    "yard",
    "nope",
    "yesterday",
    "1.2.3",
    "10.0.0.1",
    "a:b",
    "a#b",
    "0x",
    "0o10",
    "1:99",
    "1:2:3:4",
    "1.5e3",
    "1__0",
    "2026-13-45",
    "it's",
    "été",
  ])("leaves the text %j plain", (text) => {
    expect(scalar(text)).toBe(text);
  });

  it.each([
    ["*a", '"*a"'],
    ["~", '"~"'],
    ["((secret))", '"((secret))"'],
    ["- a", '"- a"'],
  ])("puts %j, which begins with an indicator, in double quotes", (text, written) => {
    expect(scalar(text)).toBe(written);
  });

  it.each([
    [1, "1"],
    [true, "true"],
    [null, ""],
    [[], "[]"],
    [{}, "{}"],
  ])("writes %j as %j", (value, written) => {
    expect(scalar(value)).toBe(written);
  });

  it("does not indent lists below their key, and mappings by two", () => {
    expect(dumpYaml({ a: [{ b: 1, c: [2] }], d: { e: "x" } })).toBe("---\na:\n- b: 1\n  c:\n  - 2\nd:\n  e: x\n");
  });

  it("writes multi-line texts as blocks", () => {
    expect(dumpYaml({ a: "x\ny\n" })).toBe("---\na: |\n  x\n  y\n");
    expect(dumpYaml({ a: "x\ny" })).toBe("---\na: |-\n  x\n  y\n");
  });

  it("writes texts that are read back unchanged", () => {
    const word = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9_.:,+<-]{1,8}$/),
      fc.constantFrom("yes", "No", "on", "0x1F", "010", "1:30", "2026-01-02", "1,000", "~", ":a", ".inf"),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{2,6}$/), word), (value) => {
        fc.pre(!Object.keys(value).includes("__proto__"));
        expect(readYaml(dumpYaml(value))).toEqual(value);
      }),
    );
  });

  it("says where a text ends in the middle of a list", () => {
    expect(syntaxError("a: [1\n", "whatever")).toBe(
      "(<unknown>): did not find expected node content while parsing a flow node at line 2 column 1",
    );
    expect(syntaxError("a: b: c", "bad at line 3, column 4")).toBe(
      "(<unknown>): did not find expected key while parsing a block mapping at line 3 column 4",
    );
  });
});
