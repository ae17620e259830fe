import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { type Attempt, createThrottle, type Throttle } from "./throttle.ts";

/** A clock that a test moves; whoever waits continues when the time has come. */
class Clock {
  #nowMs = 1_900_000_000_000;
  readonly #waiting: { readonly untilMs: number; readonly wake: () => void }[] = [];
  waitedMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  waitMs(ms: number): Promise<void> {
    this.waitedMs += ms;
    return new Promise((wake) => this.#waiting.push({ untilMs: this.#nowMs + ms, wake }));
  }

  get waiting(): number {
    return this.#waiting.filter(({ untilMs }) => untilMs > this.#nowMs).length;
  }

  async advance(ms: number): Promise<void> {
    this.#nowMs += ms;
    for (const { untilMs, wake } of this.#waiting) if (untilMs <= this.#nowMs) wake();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }
}

describe("passwords that are guessed", () => {
  let clock: Clock;
  let throttle: Throttle;
  let looks: number;

  beforeEach(() => {
    clock = new Clock();
    throttle = createThrottle(clock);
    looks = 0;
  });

  const attempt = (isRight: boolean, client = "10.0.0.1", username = "platform"): Promise<Attempt> =>
    throttle.attempt(client, username, () => {
      looks++;
      return isRight;
    });
  /** As fast as it is allowed. */
  const guess = async (times: number): Promise<void> => {
    for (let made = 0; made < times; made++) {
      const answer = attempt(false);
      while (clock.waiting > 0) await clock.advance(250);
      await answer;
    }
  };

  it("cost nothing while they are few: a suite tries some on every endpoint", async () => {
    for (let made = 0; made < 30; made++) expect(await attempt(false)).toBe("wrong");
    expect(clock.waitedMs).toBe(0);
  });

  it("are answered later and later, but never by more than four seconds", async () => {
    await guess(30);
    const delays: number[] = [];
    for (let made = 0; made < 7; made++) {
      const beforeMs = clock.waitedMs;
      await guess(1);
      delays.push(clock.waitedMs - beforeMs);
    }
    expect(delays).toEqual([250, 500, 1000, 2000, 4000, 4000, 4000]);
  });

  it("allow a guesser one per second, however many are sent at once", async () => {
    await guess(60);
    const beforeLooks = looks;
    const seconds = 60;
    for (let second = 0; second < seconds; second++) {
      for (let made = 0; made < 100; made++) void attempt(false);
      await clock.advance(1000);
    }
    expect(looks - beforeLooks).toBeLessThanOrEqual(seconds + 4);
  });

  it("are refused unchecked while too many wait for answers, and for a moment so is the right one", async () => {
    await guess(60);
    for (let made = 0; made < 4; made++) void attempt(false);
    const beforeLooks = looks;
    expect(await attempt(true)).toEqual({ retryAfterS: 4 });
    expect(looks).toBe(beforeLooks);
    await clock.advance(4000);
    expect(await attempt(true)).toBe("right");
  });

  it("do not slow down a client with the right one at the same address", async () => {
    await guess(100);
    const waiting = attempt(false);
    const beforeMs = clock.waitedMs;
    for (let made = 0; made < 1000; made++) expect(await attempt(true)).toBe("right");
    expect(clock.waitedMs).toBe(beforeMs);
    await clock.advance(4000);
    expect(await waiting).toBe("wrong");
  });

  it("do not concern another address, or another name", async () => {
    await guess(60);
    const beforeMs = clock.waitedMs;
    for (let made = 0; made < 30; made++) {
      expect(await attempt(false, "10.0.0.2")).toBe("wrong");
      expect(await attempt(false, "10.0.0.1", "operator")).toBe("wrong");
    }
    expect(clock.waitedMs).toBe(beforeMs);
  });

  it("are forgiven with time", async () => {
    await guess(1000);
    await clock.advance(5 * 60_000);
    const beforeMs = clock.waitedMs;
    for (let made = 0; made < 30; made++) await attempt(false);
    expect(clock.waitedMs).toBe(beforeMs);
  });

  it("cost nothing to a client that is right as often as wrong", async () => {
    for (let made = 0; made < 1000; made++) {
      expect(await attempt(false)).toBe("wrong");
      expect(await attempt(true)).toBe("right");
    }
    expect(clock.waitedMs).toBe(0);
  });

  it("are never answered as right, nor the right one as wrong", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), fc.nat(3), fc.nat(8000)), { maxLength: 150 }), async (tries) => {
        clock = new Clock();
        throttle = createThrottle(clock);
        const answers = tries.map(async ([isRight, client, ms]) => {
          const answer = attempt(isRight, `10.0.0.${client}`);
          await clock.advance(ms);
          return [isRight, await answer] as const;
        });
        await clock.advance(10_000);
        for (const [isRight, answer] of await Promise.all(answers))
          if (typeof answer === "string") expect(answer).toBe(isRight ? "right" : "wrong");
      }),
    );
  });
});
