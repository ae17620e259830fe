import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PostgresPair, startPair } from "../../broker/store/local/pair.ts";
import { bootCloud, type Cloud } from "../cloud/cloud.ts";
import { surviveFailover } from "./failover.ts";

/** A short run of `npm run outages -- --failover 200`. */
describe("a control plane whose database fails over", () => {
  let cloud: Cloud;
  let pair: PostgresPair;

  beforeAll(async () => {
    cloud = await bootCloud({ services: [], pace: "fast" });
    const host = `${cloud.world.plan.block}.250.20`;
    pair = await startPair([
      { host, port: 5432 },
      { host, port: 5433 },
    ]);
  }, 900_000);

  afterAll(async () => {
    await pair?.stop();
    await cloud?.close();
  });

  it("loses no order that it acknowledged, and carries none out twice", async () => {
    const { acknowledged, runningBefore, promotedMs, acknowledgedBefore, ...outcome } = await surviveFailover({
      cloud,
      pair,
      address: `${cloud.world.plan.block}.0.9:3000`,
      operations: 12,
    });
    expect(outcome).toEqual({ violations: [], twice: [], left: [], records: 0 });
    expect(acknowledged).toBe(24);
    expect(runningBefore).toBeGreaterThan(2);
    expect(acknowledgedBefore).toBeGreaterThanOrEqual(9);
    expect(promotedMs).toBeGreaterThan(0);
  }, 900_000);
});
