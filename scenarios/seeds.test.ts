import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BrokenPromise } from "./errors.ts";
import { seedRunner } from "./seeds.ts";

/** A subject that breaks down at 10 and above; `accident` makes it the scenario's own fault. */
function runner(accident = false): ReturnType<typeof seedRunner> {
  let last: readonly number[] = [];
  return seedRunner<readonly number[]>({
    arbitrary: fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 8, size: "max" }),
    play: async (_seed, plan) => {
      last = plan;
      const large = plan.find((each) => each >= 10);
      if (large !== undefined) throw accident ? new TypeError("torn") : new BrokenPromise(`${large} is too much`);
    },
    trace: () => ({ digest: last.join() }),
    describe: (plan) => plan.filter((each) => each > 0).map((each) => `add ${each}`),
    steps: (plan) => plan.length,
  });
}

describe("a seed that fails", () => {
  it("is shrunk to what matters, reports the digest of its own plan, and can be replayed by its path", async () => {
    const played = runner();
    const result = await played.run(1);
    expect(result).toMatchObject({ verdict: "fail", reason: "10 is too much", counterexample: { steps: ["add 10"] } });
    expect(result.digest).toBe((await played.replay(1)).digest);
    const again = await played.replay(1, result.counterexample?.path);
    expect(again).toMatchObject({ verdict: "fail", reason: result.reason, counterexample: result.counterexample });
  });

  it("is unknown if the scenario itself broke down", async () => {
    expect(await runner(true).run(1)).toMatchObject({ verdict: "unknown", reason: "the scenario crashed: torn" });
  });

  it("has no plan at a path that leads nowhere", async () => {
    await expect(runner().replay(1, "0:999")).rejects.toThrow("seed 1 has no plan at path 0:999");
  });
});
