import fc from "fast-check";
import { expect, it } from "vitest";
import volumes from "../../examples/own-scenario/volumes.ts";
import { defineScenario } from "./define.ts";

it("in the example a sound keeper of volumes passes, one that orders again blindly is found, and a seed has one digest", async () => {
  const sound = await volumes.prepare({});
  const first = await sound.run(2);
  expect(first).toMatchObject({ verdict: "pass", coverage: { faults: { armed: expect.any(Number) } } });
  expect(await sound.run(1)).toMatchObject({ verdict: "pass" });
  expect((await sound.run(2)).digest).toBe(first.digest);
  const wrong = await volumes.prepare({ plantedBug: "orders-again-blindly" });
  expect(await wrong.run(3)).toMatchObject({ verdict: "fail", reason: expect.stringContaining("exists twice") });
});

it("a subject that waits forever fails its seed, and an accident of the scenario makes it unknown", async () => {
  const make = (play: () => Promise<void>) =>
    defineScenario({ name: "s", description: "", arbitrary: fc.constant(0), limitMs: 1000, play });
  const endless = await make(() => new Promise(() => {})).prepare({});
  expect(await endless.replay(1)).toMatchObject({ verdict: "fail", reason: expect.stringContaining("has not ended") });
  const torn = await make(() => Promise.reject(new TypeError("torn"))).prepare({});
  expect(await torn.replay(1)).toMatchObject({ verdict: "unknown" });
});
