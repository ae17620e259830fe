import { fc, it as property } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { compilePattern, globFits, PATTERN_CHARS_MAX } from "./pattern.ts";

describe("a pattern of a client", () => {
  it.each(["^(a+)+$", "(a|aa)+$", "(a*)*b", "(.*a){20}$", "^(([a-z])+.)+[A-Z]([a-z])+$"])(
    "%s is decided for a text on which a backtracking engine would never finish",
    (source) => {
      const compiled = compilePattern(source);
      expect(compiled.ok && compiled.pattern.test(`${"a".repeat(5000)}!`)).toBeTypeOf("boolean");
    },
  );

  it.each([
    ["(", "error parsing regexp: missing closing ): `(`"],
    ["(?=a)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"],
    ["a{1001}", "error parsing regexp: invalid repeat count: `{1001}`"],
  ])("%s is refused in Go's words", (source, error) => {
    expect(compilePattern(source)).toEqual({ ok: false, error });
  });

  it("is refused when it is too long", () => {
    expect(compilePattern("a".repeat(PATTERN_CHARS_MAX + 1)).ok).toBe(false);
  });

  it("has groups, empty where they did not take part", () => {
    const compiled = compilePattern("^(a)|(b)");
    expect(compiled.ok && compiled.pattern.groups("a")).toEqual(["a", "a", ""]);
  });

  property.prop([fc.string({ unit: fc.constantFrom("a", "b", ".", "-"), maxLength: 8 }), fc.string({ maxLength: 12 })])(
    "agrees with a backtracking engine where that one finishes",
    (source, text) => {
      const compiled = compilePattern(source);
      if (compiled.ok) expect(compiled.pattern.test(text)).toBe(new RegExp(source).test(text));
    },
  );
});

describe("a pattern with stars", () => {
  const unit = fc.constantFrom("a", "b", "*", "?", ".");

  property.prop([
    fc.string({ unit, maxLength: 6 }),
    fc.string({ unit: fc.constantFrom("a", "b", "?", "."), maxLength: 8 }),
  ])("matches what its stars stand for", (pattern, text) => {
    const source = pattern.replace(/[.?]/g, "\\$&").replaceAll("*", ".*");
    expect(globFits(pattern, text)).toBe(new RegExp(`^${source}$`).test(text));
  });

  it("ignores case when asked to", () => {
    expect(globFits("*.ORG", "www.org", { ignoresCase: true })).toBe(true);
    expect(globFits("*.ORG", "www.org")).toBe(false);
  });

  it("is decided for many stars and a long text", () => {
    expect(globFits(`${"*a".repeat(500)}b`, "a".repeat(5000))).toBe(false);
  });
});
