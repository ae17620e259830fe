import { describe, expect, it } from "vitest";
import { Intake } from "./intake.ts";

/** A clock that stands until it is moved. */
class Clock {
  #nowMs = 0;
  readonly #sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];
  nowMs(): number {
    return this.#nowMs;
  }
  waitMs(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ untilMs: this.#nowMs + ms, wake }));
  }
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left--) {
      this.#nowMs++;
      for (const sleeper of this.#sleepers.splice(0))
        if (sleeper.untilMs <= this.#nowMs) sleeper.wake();
        else this.#sleepers.push(sleeper);
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
  }
}

describe("what is ordered", () => {
  const run = async (gapMs: number, count: number): Promise<{ clock: Clock; begun: number[] }> => {
    const clock = new Clock();
    const intake = new Intake(clock);
    const begun: number[] = [];
    for (let order = 0; order < count; order++) {
      void intake.admit().then(() => begun.push(order));
      await clock.pass(gapMs);
    }
    return { clock, begun };
  };

  it("begins at once while orders come one by one", async () => {
    const { begun } = await run(20, 50);
    expect(begun).toHaveLength(50);
  });

  it("begins after ten seconds, however densely others come", async () => {
    const { begun } = await run(5, 4000);
    // Twenty seconds: all that came in the first ten has begun.
    expect(begun.length).toBeGreaterThan(1900);
  });

  it("begins slowly while orders come densely, completely once that is over, and in the order of arrival", async () => {
    const { clock, begun } = await run(5, 400);
    // Two seconds: the first fifty are not dense yet, and then there are ten a second.
    expect(begun.length).toBeGreaterThan(60);
    expect(begun.length).toBeLessThan(80);
    await clock.pass(2000);
    expect(begun).toEqual(Array.from({ length: 400 }, (_, order) => order));
  });
});
