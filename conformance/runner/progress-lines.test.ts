import { expect, it } from "vitest";
import { progressLine } from "./progress-lines.ts";

const wait = (planName: string, sinceMs: number) => ({ operation: "provision", planName, sinceMs }) as const;

it("says how far a run has come, and the longest waits by kind", () => {
  const waits = [wait("small", 30_000), wait("small", 0), wait("large", 35_000)];
  expect(progressLine({ done: 3, planned: 9 }, waits, 40_000)).toBe(
    '3 of 9 checks done; waiting for 2 × provision of plan "small" (40 s), provision of plan "large" (5 s)',
  );
});

it("counts the kinds that it does not name", () => {
  const waits = ["a", "b", "c", "d", "e"].map((plan, at) => wait(plan, at * 1_000));
  expect(progressLine({ done: 0, planned: 1 }, waits, 10_000)).toMatch(/"c" \(8 s\), and 2 more kinds$/);
});

it("waits for answers if it waits for no operation", () => {
  expect(progressLine({ done: 1, planned: 2 }, [], 0)).toBe("1 of 2 checks done; waiting for answers");
});
