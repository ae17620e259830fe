import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IS_WHOLE } from "../../scripts/tests/slice.ts";
import { startPostgres } from "../../broker/store/testing.ts";
import { bootCloud, type Cloud } from "../cloud/cloud.ts";
import { surviveInterruptions } from "./processes.ts";

const postgres = IS_WHOLE ? await startPostgres("tcp") : { reason: "npm test kills one process instead" };
if ("reason" in postgres) process.stderr.write(`skipped: several control planes: ${postgres.reason}\n`);

/** A short run of `npm run processes`; in `npm test`, one process is killed and continues. */
describe.skipIf("reason" in postgres)("several control planes on one store", () => {
  let cloud: Cloud;

  beforeAll(async () => {
    cloud = await bootCloud({ services: [], pace: "instant" });
  });

  afterAll(async () => {
    await cloud?.close();
    if ("stop" in postgres) await postgres.stop();
  });

  it("finish what any of them acknowledged, once, while one after the other is killed or frozen", async () => {
    const { acknowledged, interruptions, takenOver, ...outcome } = await surviveInterruptions({
      cloud,
      databaseUrl: "url" in postgres ? postgres.url : "",
      addresses: [3001, 3002, 3003].map((port) => `${cloud.world.plan.block}.0.9:${port}`),
      operations: 6,
      interruptEveryMs: 500,
      interruptions: ["kill", "stop"],
      customers: 2,
    });
    expect(outcome).toEqual({ violations: [], twice: [], left: [], records: 0 });
    expect(acknowledged).toBeGreaterThanOrEqual(6);
    expect(interruptions).toBeGreaterThan(1);
    expect(takenOver).toBeGreaterThan(0);
  }, 900_000);
});
