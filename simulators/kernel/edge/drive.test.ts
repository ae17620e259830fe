import { describe, expect, it } from "vitest";
import { EPOCH_MS, Kernel } from "../index.ts";
import { VirtualDriver } from "./drive.ts";

describe("virtual time", () => {
  it("jumps while a promise sleeps, and stands still while work outside is tracked", async () => {
    const driver = new VirtualDriver(new Kernel());
    const start = driver.kernel.nowMs;
    const seen: number[] = [];
    await driver.run(
      (async () => {
        await driver.sleep(3_600_000);
        seen.push(driver.kernel.nowMs - start);
        await driver.track(new Promise((resolve) => setTimeout(resolve, 5)));
        seen.push(driver.kernel.nowMs - start);
      })(),
    );
    expect(seen).toEqual([3_600_000, 3_600_000]);
  });

  it("wakes two sleepers in the order of time", async () => {
    const driver = new VirtualDriver(new Kernel());
    const seen: string[] = [];
    const sleeper = async (name: string, ms: number): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        await driver.sleep(ms);
        seen.push(name);
      }
    };
    await driver.run(Promise.all([sleeper("a", 10), sleeper("b", 15)]));
    expect(seen).toEqual(["a", "b", "a", "b", "a", "b"]);
  });

  it("reports awaited work that can never finish", async () => {
    const driver = new VirtualDriver(new Kernel());
    await expect(driver.run(new Promise(() => {}))).rejects.toThrow("KERNEL_DEADLOCK");
  });

  it("an aborted sleep rejects and leaves nothing scheduled", async () => {
    const driver = new VirtualDriver(new Kernel());
    const abort = new AbortController();
    const sleep = driver.sleep(1000, abort.signal);
    abort.abort(new Error("enough"));
    await expect(sleep).rejects.toThrow("enough");
    expect(driver.kernel.step(driver.kernel.nowMs + 999)).toBe(false);
  });
});

describe("tracked work", () => {
  it("ends in the order in which it began, however long each piece really takes, while the clock stands still", async () => {
    const driver = new VirtualDriver(new Kernel());
    const ended: string[] = [];
    const takes = async (name: string, turns: number): Promise<void> => {
      await driver.track(
        (async () => {
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
        })(),
      );
      ended.push(`${name} at ${driver.kernel.nowMs - EPOCH_MS}`);
    };
    const all = Promise.all([
      takes("slow", 50),
      takes("quick", 0),
      takes("middle", 9),
      driver.sleep(5).then(() => ended.push("sleep")),
    ]);
    await driver.run(all);
    expect(ended).toEqual(["slow at 0", "quick at 0", "middle at 0", "sleep"]);
  });

  it("fails with its own error, also without a driver", async () => {
    const driver = new VirtualDriver(new Kernel());
    await expect(driver.track(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(await driver.track(Promise.resolve(7))).toBe(7);
  });
});
