import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { Kernel } from "./index.ts";

describe("plain timers", () => {
  const plan = fc.array(fc.record({ delayMs: fc.nat(20), isCancelled: fc.boolean() }), { maxLength: 20 });

  test.prop([plan])("fire in the order of their times, except those that are cancelled", (list) => {
    const kernel = new Kernel();
    const fired: number[] = [];
    kernel.onTimer<number>("note", (at) => fired.push(at));
    const ids = list.map(({ delayMs }, at) => kernel.timer(delayMs, "note", at));
    for (const [at, { isCancelled }] of list.entries()) if (isCancelled) kernel.cancelTimer(ids[at] ?? 0);
    kernel.runToEnd();
    const expected = list
      .map(({ delayMs, isCancelled }, at) => ({ delayMs, isCancelled, at }))
      .filter(({ isCancelled }) => !isCancelled)
      .sort((a, b) => a.delayMs - b.delayMs || a.at - b.at)
      .map(({ at }) => at);
    expect(fired).toEqual(expected);
  });

  it("stay cancelled in a restored world", () => {
    const kernel = new Kernel();
    const fired: string[] = [];
    kernel.onTimer<string>("note", (name) => fired.push(name));
    kernel.timer(5, "note", "kept");
    kernel.cancelTimer(kernel.timer(5, "note", "cancelled"));
    const snapshot = kernel.snapshot();
    kernel.runToEnd();
    kernel.restore(snapshot);
    kernel.runToEnd();
    expect(fired).toEqual(["kept", "kept"]);
  });

  it("need a handler of their kind", () => {
    expect(() => new Kernel().timer(1, "nobody", null)).toThrow("KERNEL_UNKNOWN_TIMER");
  });
});
