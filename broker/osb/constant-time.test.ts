import fc from "fast-check";
import { expect, it } from "vitest";
import { equalInConstantTime } from "./constant-time.ts";

it("compares texts of any length", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (given, expected) => {
      expect(equalInConstantTime(given, expected)).toBe(given === expected);
      expect(equalInConstantTime(expected, expected)).toBe(true);
    }),
  );
});
