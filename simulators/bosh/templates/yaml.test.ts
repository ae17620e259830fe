import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { TestDirector } from "../testing/director.ts";
import { YamlError } from "./yaml-errors.ts";
import { readYaml } from "./yaml.ts";

// These tests work without Ruby; erb.test.ts has the words of Psych itself.
vi.mock(import("./ruby-thread.ts"), async (original) => ({ ...(await original()), hasRuby: () => false }));

/** Ruby's exception for a text, as its `inspect` writes it. */
function refusalOf(text: string, options = {}): string {
  try {
    return `read as ${JSON.stringify(readYaml(text, options))}`;
  } catch (error) {
    if (error instanceof YamlError) return error.inspect();
    throw error;
  }
}

// Measured with CRuby 4.0.0 and psych 5.3.1: docs/discoveries/bosh-director.md, "How it reads YAML".
describe("a plain scalar", () => {
  it.each([
    ["y", "y"],
    ["n", "n"],
    ["Y", "Y"],
    ["yes", true],
    ["No", false],
    ["on", true],
    ["oFF", false],
    ["TRUE", true],
    ["~", null],
    ["NULL", null],
    ["---", null],
    ["yesterday", "yesterday"],
    // In a text of several lines Ruby's `^` and `$` hold at each of them.
    ["y\n\non", true],
    ["010", 8],
    ["0_7", 7],
    ["08", "08"],
    ["0o10", "0o10"],
    ["00", 0],
    ["-0", 0],
    ["1_000", 1000],
    ["1,000", 1000],
    ["1__0", "1__0"],
    ["+1", 1],
    ["0x1F", 31],
    ["0x", "0x"],
    ["-0b101", -5],
    ["1:30", 5400],
    ["190:20:30", 685_230],
    ["-1:30", -1800],
    ["1:30.5", 5430],
    ["1:99", "1:99"],
    ["1:2:3:4", "1:2:3:4"],
    ["1e3", "1e3"],
    ["1.5e3", "1.5e3"],
    ["1.5e+3", 1500],
    ["1,000.5", 1000.5],
    ["1.", 1],
    ["+.5", 0.5],
    [".", "."],
    [".inf", Number.POSITIVE_INFINITY],
    ["-.INF", Number.NEGATIVE_INFINITY],
    [".nan", Number.NaN],
    ["1.2.3", "1.2.3"],
    ["2026-13-45", "2026-13-45"],
    [":a", ":a"],
  ])("%j is %j", (text, value) => {
    expect(readYaml(text)).toEqual(value);
  });

  it.each([
    ["2026-01-02", "Date"],
    // The class is refused before the day is looked at.
    ["2026-02-30", "Date"],
    ["2026-01-02T03:04:05", "Time"],
    ["2026-01-02 03:04:05 +0100", "Time"],
  ])("%j is a %s, which is refused", (text, name) => {
    expect(refusalOf(text)).toBe(`#<Psych::DisallowedClass: Tried to load unspecified class: ${name}>`);
  });

  it("is refused in Ruby's words if it is nearly a number", () => {
    expect(refusalOf(".e+5")).toBe('#<ArgumentError: invalid value for Float(): "e+5">');
  });
});

describe("a scalar in quotes", () => {
  it.each(["yes", "010", "1:30", "2026-01-02", "~", ":a", "1.5"])("%j is text", (text) => {
    expect(readYaml(`'${text}'`)).toBe(text);
    expect(readYaml(`"${text}"`)).toBe(text);
    expect(readYaml(`|\n ${text}\n`)).toBe(`${text}\n`);
  });
});

describe("a tag", () => {
  it.each([
    ["!!str 010", "010"],
    ['!!int "010"', 8],
    ["!!float 1", 1],
    ["!!bool yes", true],
    ["!!null ''", null],
    ["!!binary aGk=", "hi"],
    ["!foo 12", 12],
    ['!foo "12"', 12],
    ["!ruby/sym a", ":a"],
    ["!!omap [a: 1, b: 2]", { a: 1, b: 2 }],
    ["!ruby/object:Hash {a: 1}", { a: 1 }],
  ])("makes %j %j", (text, value) => {
    expect(readYaml(text)).toEqual(value);
  });

  it.each([
    ["!ruby/object:Foo {a: 1}", "Foo"],
    ["!ruby/object {a: 1}", "Object"],
    ["!ruby/hash:Foo {a: 1}", "Foo"],
    ["!ruby/range 1..2", "Range"],
    ["!ruby/regexp /a/", "Regexp"],
    ["!map:Foo {a: 1}", "Foo"],
    ["!!set {a, b}", "Psych::Set"],
    ["!!timestamp 2026-01-02", "Date"],
  ])("for an object, as in %j, is refused by naming the class %s", (text, name) => {
    expect(refusalOf(text)).toBe(`#<Psych::DisallowedClass: Tried to load unspecified class: ${name}>`);
  });
});

describe("a merge key", () => {
  it.each([
    ["<<: {a: 2}\na: 1", { a: 1 }],
    // Unlike in the YAML type library, the later pair wins, merged or not.
    ["a: 1\n<<: {a: 2, b: 3}", { a: 2, b: 3 }],
    ["<<: [{a: 1}, {a: 2, b: 2}]", { a: 1, b: 2 }],
    ["'<<': {a: 1}", { a: 1 }],
    ["x: &x {a: 1}\ny:\n  <<: *x\n  b: 2", { x: { a: 1 }, y: { a: 1, b: 2 } }],
    ["<<: 1", { "<<": 1 }],
    ["<<: [1]", { "<<": [1] }],
    ["x: &x [{a: 1}]\n<<: *x", { x: [{ a: 1 }], "<<": [{ a: 1 }] }],
    ["!!str <<: {a: 1}", { "<<": { a: 1 } }],
  ])("makes %j %j", (text, value) => {
    expect(readYaml(text)).toEqual(value);
  });
});

describe("a mapping", () => {
  it.each([
    ["a: 1\na: 2", { a: 2 }],
    ["on: 1", { true: 1 }],
    ["010: 2", { 8: 2 }],
    ["~: 3", { "": 3 }],
    ["[1, a]: 3", { '[1, "a"]': 3 }],
    ["? a\n? b", { a: null, b: null }],
  ])("%j is %j", (text, value) => {
    expect(readYaml(text)).toEqual(value);
  });

  it("has a key __proto__ like any other", () => {
    const value = readYaml("__proto__: {a: 1}\n<<: {__proto__: {b: 2}}");
    expect(JSON.stringify(value)).toBe('{"__proto__":{"b":2}}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

describe("an alias", () => {
  it("stands for the last value of its anchor before it", () => {
    expect(readYaml("a: &x 1\nb: &x 2\nc: *x\nd: &x 3")).toEqual({ a: 1, b: 2, c: 2, d: 3 });
  });

  it("without an anchor is refused", () => {
    expect(refusalOf("a: *nosuch")).toBe("#<Psych::AnchorNotDefined: An alias referenced an unknown anchor: nosuch>");
  });

  it("is refused where aliases are not permitted", () => {
    expect(refusalOf("a: &a 1\nb: *a", { aliases: false })).toMatch(/^#<Psych::AliasesNotEnabled: Alias parsing/);
    expect(readYaml("a: &a 1", { aliases: false })).toEqual({ a: 1 });
  });

  it.each(["&a [*a]", "a: &a {b: [*a]}"])("that makes a value contain itself is refused: %j", (text) => {
    expect(() => readYaml(text)).toThrow(YamlError);
  });

  it("may not expand without limit", () => {
    const levels = Array.from({ length: 30 }, (_, at) => `l${at + 1}: &l${at + 1} [*l${at}, *l${at}]`);
    const text = ["l0: &l0 x", ...levels].join("\n");
    expect(() => readYaml(text)).toThrow(YamlError);
    expect(readYaml(text.split("\n").slice(0, 10).join("\n"))).toBeDefined();
  });
});

describe("a symbol", () => {
  it.each([":a", ":a: 1"])("is refused where symbols are not permitted: %j", (text) => {
    expect(refusalOf(text, { symbols: false })).toBe(
      "#<Psych::DisallowedClass: Tried to load unspecified class: Symbol>",
    );
  });
});

describe("a text", () => {
  it.each(["", "# nothing", "---"])("without a value yields none: %j", (text) => {
    expect(readYaml(text) ?? null).toBeNull();
  });

  it("is read up to the end of its first document", () => {
    expect(readYaml("--- a\n--- b: b: b\n")).toBe("a");
  });

  it.each(["- ".repeat(201), `${"[".repeat(201)}${"]".repeat(201)}`, "- ".repeat(100_000)])(
    "may not nest too deeply",
    (text) => {
      expect(() => readYaml(text)).toThrow(YamlError);
    },
  );

  it("of any kind is read or refused", () => {
    const piece = fc.constantFrom(
      "a",
      ": ",
      "- ",
      "\n",
      "  ",
      "[",
      "]",
      "{",
      "}",
      "&a ",
      "*a",
      "<<",
      "!!int ",
      "yes",
      "010",
      ",",
      "'",
      "|\n",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        expect(refusalOf(pieces.join(""))).toMatch(/^(read as|#<)/);
      }),
    );
  });
});

describe("a director's refusal", () => {
  const disallowed = "Tried to load unspecified class: Date";

  it("of a manifest with a date names Ruby's exception", () => {
    const answer = new TestDirector().send("POST", "/deployments", { type: "text/yaml", body: "name: 2026-01-02" });
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      code: 440001,
      description: `Incorrect YAML structure of the uploaded manifest: #<Psych::DisallowedClass: ${disallowed}>`,
    });
  });

  it("of a config with a date has its message", () => {
    const body = { type: "x", name: "x", content: "a: 2026-01-02" };
    expect(new TestDirector().json("POST", "/configs", body).json).toEqual({
      code: 440011,
      description: `Config must be valid YAML: ${disallowed}`,
    });
  });
});
