import fc from "fast-check";
import { expect, it } from "vitest";
import { type Body, Kernel, type KeptInput } from "./index.ts";

/** A kernel on which inputs start timers and processes that draw, and that send inputs themselves. */
function sample(): Kernel {
  const kernel = new Kernel({ seed: 5 });
  const numbers = kernel.slot<number[]>("numbers", []);
  const draw = (what: string): void => {
    numbers.value.push(kernel.random("draws").int(0, 1_000_000));
    kernel.record("sample", what, String(numbers.value.at(-1)));
  };
  kernel.onTimer<number>("sample.timer", (left) => {
    draw("timer");
    if (left > 0) kernel.timer(7, "sample.timer", left - 1);
  });
  function* work(ms: number): Body {
    draw("begin");
    yield ms;
    // Anything that follows from the world is not an input.
    kernel.input("sample.draw", undefined);
    yield 0;
    draw("end");
  }
  kernel.onInput("sample.draw", () => draw("input"));
  kernel.onInput<number, unknown>("sample.work", (ms) => kernel.spawn("work", work(ms)));
  kernel.onInput<number, unknown>("sample.timers", (count) => kernel.timer(3, "sample.timer", count));
  kernel.onInput("sample.throw", () => {
    draw("throw");
    throw new Error("refused");
  });
  return kernel;
}

const input = fc.oneof(
  fc.record({ kind: fc.constant("sample.draw"), data: fc.constant(undefined) }),
  fc.record({ kind: fc.constant("sample.throw"), data: fc.constant(undefined) }),
  fc.record({ kind: fc.constant("sample.work"), data: fc.nat({ max: 30 }) }),
  fc.record({ kind: fc.constant("sample.timers"), data: fc.nat({ max: 3 }) }),
);
const steps = fc.array(fc.record({ ms: fc.nat({ max: 12 }), input }), { maxLength: 30 });

it("restores a world from any prefix of the kept inputs, and the same follows from there", () => {
  fc.assert(
    fc.property(steps, fc.nat(), (all, at) => {
      const kernel = sample();
      const kept: { readonly input: KeptInput; readonly digest: string }[] = [];
      // Written down before it is handled: the digest is that of the world before it.
      kernel.keeper = {
        keep: (each) => void kept.push({ input: structuredClone(each), digest: kernel.journal.digest }),
      };
      for (const { ms, input: each } of all) {
        kernel.advanceBy(ms);
        try {
          kernel.input(each.kind, each.data);
        } catch {
          // Heard.
        }
      }
      kernel.advanceBy(100);
      const cut = at % (kept.length + 1);
      const again = sample();
      again.repeat(kept.slice(0, cut).map((each) => each.input));
      const next = kept[cut];
      // A time that passed is kept after what happened in it.
      if (next?.input.kind !== undefined) {
        again.advanceTo(next.input.atMs);
        expect(again.journal.digest).toBe(next.digest);
      }
      again.repeat(kept.slice(cut).map((each) => each.input));
      expect([again.journal.digest, again.nowMs]).toEqual([
        kernel.journal.digest,
        kept.at(-1)?.input.atMs ?? again.nowMs,
      ]);
    }),
  );
});

it("does not handle an input that can't be kept", () => {
  const kernel = sample();
  kernel.keeper = {
    keep: () => {
      throw new Error("no room");
    },
  };
  expect(() => kernel.input("sample.draw", undefined)).toThrow("no room");
  expect(kernel.journal.seq).toBe(0);
});

it("takes no snapshots in memory while inputs are kept: a restore would be missing among them", () => {
  const kernel = sample();
  const snapshot = kernel.snapshot();
  kernel.keeper = { keep: () => {} };
  const refusal = expect.objectContaining({ code: "KERNEL_KEPT" });
  expect(() => kernel.snapshot()).toThrow(refusal);
  expect(() => kernel.restore(snapshot)).toThrow(refusal);
});

it("goes on where a time can't be kept, and says so", () => {
  const kernel = sample();
  const errors: unknown[] = [];
  kernel.onCrash = (_name, error) => errors.push(error);
  kernel.input("sample.timers", 1);
  kernel.keeper = {
    keep: () => {
      throw new Error("no room");
    },
  };
  kernel.advanceBy(20);
  expect(errors).toEqual([new Error("no room")]);
  expect(kernel.journal.seq).toBe(2);
});
