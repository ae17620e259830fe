import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BackendError, FinalError, StoreError } from "../errors.ts";
import { FakeHost } from "../testing.ts";
import { coalesce, retryRounds } from "./retry.ts";

/** Work that fails with these errors, in turn, and then succeeds. */
function failing(errors: readonly Error[]): { readonly work: () => Promise<void>; readonly tries: () => number } {
  let tries = 0;
  const work = (): Promise<void> => {
    const error = errors[tries++];
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  };
  return { work, tries: () => tries };
}

const down = (): BackendError => new BackendError("the director is down");
const away = (): StoreError => new StoreError(new Error("the database is away"));

describe("rounds of an operation", () => {
  it("are as many as allowed, and not one more", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 10 }), async (roundsMax, failures) => {
        const { work, tries } = failing(Array.from({ length: failures }, down));
        const end = await retryRounds(new FakeHost(), roundsMax, work).then(
          () => "succeeded",
          () => "failed",
        );
        expect(end).toBe(failures < roundsMax ? "succeeded" : "failed");
        expect(tries()).toBe(Math.min(failures + 1, roundsMax));
      }),
    );
  });

  it("are not spent on an unavailable store, which is asked at growing intervals of at most 30 s", async () => {
    const host = new FakeHost();
    const beganMs = host.nowMs();
    const { work, tries } = failing(Array.from({ length: 20 }, away));
    await retryRounds(host, 1, work);
    expect(tries()).toBe(21);
    // 500 ms, 1, 2, 4, 8 and 16 s; then 30 s each.
    expect(host.nowMs() - beganMs).toBe(31_500 + 14 * 30_000);
  });

  it("end at once with an error that is not an outage", async () => {
    const { work, tries } = failing([new FinalError("no")]);
    await expect(retryRounds(new FakeHost(), 5, work)).rejects.toThrow(FinalError);
    expect(tries()).toBe(1);
  });

  it("are two minutes apart", async () => {
    const host = new FakeHost();
    const beganMs = host.nowMs();
    await retryRounds(host, 3, failing([down(), down()]).work);
    expect(host.nowMs() - beganMs).toBe(2 * 120_000);
  });
});

describe("coalesced work", () => {
  it("runs once more, and only once, for all calls during a run", async () => {
    const gates: PromiseWithResolvers<void>[] = [];
    const run = coalesce(() => {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      return gate.promise;
    });
    const asked = [run(), run(), run()];
    gates[0]?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(gates).toHaveLength(2);
    gates[1]?.resolve();
    await Promise.all(asked);
    expect(gates).toHaveLength(2);
  });

  it("can be asked for again after it failed", async () => {
    let runs = 0;
    const run = coalesce(() => (runs++ === 0 ? Promise.reject(new Error("no")) : Promise.resolve()));
    await expect(run()).rejects.toThrow("no");
    await run();
    expect(runs).toBe(2);
  });
});
