import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dumps, pformat, repr, str } from "./index.ts";

describe("repr", () => {
  it.each<readonly [unknown, string]>([
    [null, "None"],
    [true, "True"],
    [false, "False"],
    ["a", "'a'"],
    ["it's", `"it's"`],
    [`it's "so"`, `'it\\'s "so"'`],
    ["a\\b\n\t\r", "'a\\\\b\\n\\t\\r'"],
    ["\u0001\u007f\u00a0", "'\\x01\\x7f\\xa0'"],
    ["Zürich", "'Zürich'"],
    [[1, "x", null], "[1, 'x', None]"],
    [{ a: { b: [] } }, "{'a': {'b': []}}"],
  ])("writes %j as Python does", (value, expected) => {
    expect(repr(value)).toBe(expected);
  });

  it("quotes a text outside a list too, where alone `str` and `repr` differ", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(str(value)).toBe(typeof value === "string" ? value : repr(value));
      }),
    );
  });

  it("never breaks a line, whatever the text holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(repr(text)).not.toMatch(/[\n\r]/);
      }),
    );
  });
});

describe("dumps", () => {
  it("writes JSON that reads back as the same value, in ASCII, with blanks after commas and colons", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = dumps(value);
        expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(value));
        expect(Buffer.byteLength(text)).toBe(text.length);
      }),
    );
    expect(dumps({ a: [1, "ü"] })).toBe('{"a": [1, "\\u00fc"]}');
  });
});

describe("pformat", () => {
  it("keeps on one line what fits, and sorts the keys", () => {
    expect(pformat({ b: 1, a: 2 })).toBe("{'a': 2, 'b': 1}");
  });

  it("puts each member on a line of its own where the whole is too wide", () => {
    expect(pformat({ first: "x".repeat(30), second: ["y".repeat(30), "z".repeat(30)] }, 72)).toBe(
      [`{'first': '${"x".repeat(30)}',`, ` 'second': ['${"y".repeat(30)}',`, `            '${"z".repeat(30)}']}`].join(
        "\n",
      ),
    );
  });

  it("splits a long text between words", () => {
    expect(pformat("word ".repeat(20).trim(), 40)).toMatch(/^\('word [^\n]*'\n 'word/);
  });
});
