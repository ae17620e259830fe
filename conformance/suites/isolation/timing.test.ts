import fc from "fast-check";
import { expect, it } from "vitest";
import { ERROR_RATE, permutationTest } from "./timing.ts";

it("accuses no more often than its error rate allows if there is no difference", () => {
  const times = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 12, maxLength: 12 });
  const draws = fc.sample(fc.tuple(times, times), { numRuns: 60, seed: 4 });
  const accused = draws.filter(([a, b]) => permutationTest(a, b) < ERROR_RATE);
  expect(accused.length).toBeLessThanOrEqual(1);
});

it("sees a shift of two deviations in twelve measurements of each kind", () => {
  const a = [10, 12, 9, 11, 13, 10, 12, 9, 11, 13, 10, 12];
  expect(
    permutationTest(
      a,
      a.map((each) => each + 3),
    ),
  ).toBeLessThan(ERROR_RATE);
});

it("gives the same answer for the same seed, and 1 if all times are equal", () => {
  const a = [1, 2, 3, 4];
  expect(permutationTest(a, [2, 3, 4, 5], 7)).toBe(permutationTest(a, [2, 3, 4, 5], 7));
  expect(permutationTest([0, 0, 0], [0, 0, 0])).toBe(1);
});
