import { describe, expect, it } from "vitest";
import { checkSchedule, dueTimes, nextDueMs } from "./schedule.ts";

const at = (iso: string): number => Date.parse(iso);
const DAILY = { expression: "30 2 * * *", timeZone: "Europe/London" };

describe("a schedule", () => {
  it("is interpreted in its own time zone, in winter and in summer", () => {
    expect(nextDueMs(DAILY, at("2026-01-10T00:00:00Z"))).toBe(at("2026-01-10T02:30:00Z"));
    expect(nextDueMs(DAILY, at("2026-07-10T00:00:00Z"))).toBe(at("2026-07-10T01:30:00Z"));
    expect(nextDueMs({ ...DAILY, timeZone: "Asia/Tokyo" }, at("2026-01-10T00:00:00Z"))).toBe(
      at("2026-01-10T17:30:00Z"),
    );
  });

  it("is due once a day even when the clocks change", () => {
    const { count } = dueTimes(DAILY, at("2026-10-24T01:30:00Z"), at("2026-10-27T12:00:00Z"));
    expect(count).toBe(4);
    expect(dueTimes(DAILY, at("2026-03-28T02:30:00Z"), at("2026-03-31T12:00:00Z")).count).toBe(4);
  });

  it("counts the times that have passed, and knows the last", () => {
    const first = at("2026-01-10T02:30:00Z");
    expect(dueTimes(DAILY, first, first)).toEqual({ count: 1, lastMs: first });
    expect(dueTimes(DAILY, first, at("2026-01-12T02:30:00Z"))).toEqual({
      count: 3,
      lastMs: at("2026-01-12T02:30:00Z"),
    });
  });

  it.each([
    ["* * * *", "UTC"],
    ["* * * * * *", "UTC"],
    ["60 * * * *", "UTC"],
    ["", "UTC"],
    ["@daily", "UTC"],
    ["0 0 * * *", "Nowhere/Land"],
  ])("is refused: %j in %s", (expression, timeZone) => {
    expect(() => checkSchedule({ expression, timeZone }, 0)).toThrow(expect.objectContaining({ status: 400 }));
  });
});
