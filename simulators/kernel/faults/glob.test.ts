import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { compileGlob } from "../index.ts";

const text = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 6 }).map((letters) => letters.join(""));
const pattern = fc.array(fc.constantFrom("a", "b", "c", "*"), { maxLength: 6 }).map((letters) => letters.join(""));

describe("a pattern of a fault rule", () => {
  test.prop([pattern, text], { numRuns: 2000 })("matches what the same regular expression does", (given, candidate) => {
    const expression = new RegExp(`^${given.replaceAll("*", ".*")}$`);
    expect(compileGlob(given)(candidate)).toBe(expression.test(candidate));
  });

  it.each([
    ["a*b*bc", "abc"],
    ["*ab*b", "ab"],
  ])("%j matches no letter of %j twice", (given, candidate) => {
    expect(compileGlob(given)(candidate)).toBe(false);
  });
});
