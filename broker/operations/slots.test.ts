import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { FakeHost } from "../testing.ts";
import { slottedHost, workInSlot, WorkSlots } from "./slots.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("places of operations", () => {
  test.prop([fc.integer({ min: 1, max: 4 }), fc.array(fc.array(fc.boolean(), { maxLength: 4 }), { maxLength: 12 })], {
    numRuns: 50,
  })("are never exceeded, and no operation waits forever", async (count, operations) => {
    const slots = new WorkSlots(count);
    const host = slottedHost(new FakeHost(() => ({ status: 200, json: {} })));
    let [working, most] = [0, 0];
    const work = async (): Promise<void> => {
      most = Math.max(most, ++working);
      await turn();
      working--;
    };
    await Promise.all(
      operations.map((steps) =>
        workInSlot("bind", slots, async () => {
          await work();
          for (const isSleep of steps) {
            await (isSleep ? host.sleepMs(1) : host.fetch("http://x/"));
            await work();
          }
        }),
      ),
    );
    expect(most).toBeLessThanOrEqual(count);
    // All of them are free again.
    for (let at = 0; at < count; at++) await slots.acquire();
  });

  it("are free while an operation waits for a backend that never answers", async () => {
    const slots = new WorkSlots(1);
    const host = slottedHost(new FakeHost(() => new Promise(() => {})));
    void workInSlot("bind", slots, () => host.fetch("http://x/"));
    expect(await workInSlot("bind", slots, async () => "done")).toBe("done");
  });

  it("are given back by work that fails, and by work that does several things at once", async () => {
    const slots = new WorkSlots(1);
    const host = slottedHost(new FakeHost(() => ({ status: 204 })));
    await expect(workInSlot("bind", slots, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await workInSlot("bind", slots, () => Promise.all([host.sleepMs(1), host.fetch("http://x/"), host.waitMs(2)]));
    expect(await workInSlot("bind", slots, async () => "done")).toBe("done");
  });
});
