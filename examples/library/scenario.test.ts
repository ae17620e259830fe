import fc from "fast-check";
import { expect, it } from "vitest";
import { createWorld, inception } from "drydock-broker-conformance";

it("whichever VM after those of Consul can't be made, the deployment fails or goes on, and every law holds afterwards", async () => {
  const scenario = fc.asyncProperty(fc.nat(1000), fc.integer({ min: 3, max: 8 }), async (seed, skip) => {
    const world = createWorld({ seed, pace: "instant", scramIterations: 1 });
    world.kernel.faults.arm({ point: "cpi:create_vm", effect: { kind: "error", message: "no valid host" }, skip });
    await world.run(() => inception(world).catch(() => undefined));
    expect(world.findBrokenLaws()).toEqual([]);
  });
  await fc.assert(scenario, { numRuns: 3 });
});
