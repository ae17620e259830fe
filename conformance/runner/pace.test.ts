import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Pace } from "./pace.ts";
import { NoRoom, Quota } from "./quota.ts";

const QUICK_MS = 60_000;

/** The window after each of some operations, each of which began when the one before had ended. */
function windowsAfter(pace: Pace, times: readonly number[]): readonly number[] {
  let sinceMs = 0;
  return times.map((each) => {
    const tookMs = each * QUICK_MS;
    pace.note({ sinceMs, tookMs, quickestMs: QUICK_MS });
    sinceMs += tookMs;
    return pace.window;
  });
}

describe("the instances that a run holds at once", () => {
  it("are few at first, and as many as are allowed while the broker does not slow down", () => {
    const pace = new Pace(64);
    expect(pace.window).toBeLessThan(10);
    expect(
      windowsAfter(
        pace,
        Array.from({ length: 40 }, () => 1),
      ).at(-1),
    ).toBe(64);
  });

  it("become fewer when operations wait for each other behind the broker", () => {
    const pace = new Pace(64);
    const [many = 0] = windowsAfter(
      pace,
      Array.from({ length: 40 }, () => 1),
    ).slice(-1);
    expect(windowsAfter(pace, [4, 4]).at(-1)).toBeLessThan(many / 2);
  });

  it("are not reduced by a single slow operation, nor by very short ones", () => {
    const pace = new Pace(64);
    const before = pace.window;
    windowsAfter(pace, [1, 1.9, 1, 1.9]);
    for (const at of [1, 2, 3]) pace.note({ sinceMs: at * 1_000, tookMs: 400, quickestMs: 10 });
    expect(pace.window).toBeGreaterThanOrEqual(before);
  });

  it("stay between one and the number allowed, whatever the broker does", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.double({ min: 0.1, max: 1000, noNaN: true })),
        (max, times) => {
          for (const window of windowsAfter(new Pace(max), times)) {
            expect(window).toBeGreaterThanOrEqual(1);
            expect(window).toBeLessThanOrEqual(max);
          }
        },
      ),
    );
  });

  it("increase if nothing could proceed otherwise, so that the pace refuses nobody", async () => {
    const quota = new Quota(20);
    const hold = (name: string) => quota.actors.act(name, () => quota.acquire(1, "story"));
    await expect(Promise.all(Array.from({ length: 20 }, (_, at) => hold(`check ${at}`)))).resolves.toHaveLength(20);
    await expect(quota.actors.act("one more", () => quota.acquire(1, "story"))).rejects.toBeInstanceOf(NoRoom);
  });
});
