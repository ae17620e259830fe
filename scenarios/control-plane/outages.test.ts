import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Postgres, startPostgres, type Transport } from "../../broker/store/testing.ts";
import { sliceOf } from "../../scripts/tests/slice.ts";
import { bootCloud, type Cloud } from "../cloud/cloud.ts";
import { surviveOutages } from "./outages.ts";

/** Over a socket of the file system it is the same broker and the same driver: a whole run, and `npm run outages`, take both. */
const TRANSPORTS: readonly Transport[] = sliceOf(["tcp", "unix"], 2);
const servers = await Promise.all(TRANSPORTS.map((transport) => startPostgres(transport)));
const missing = servers.flatMap((server) => ("reason" in server ? server.reason : []));
if (missing.length > 0) process.stderr.write(`skipped: outages of the database: ${missing[0]}\n`);

/** A short run of `npm run outages`. */
describe.skipIf(missing.length > 0)("a control plane whose database is restarted under load", () => {
  let cloud: Cloud;

  beforeAll(async () => {
    cloud = await bootCloud({ services: [], pace: "instant" });
  });

  afterAll(async () => {
    await cloud?.close();
    for (const server of servers) if ("stop" in server) await server.stop();
  });

  it.each(TRANSPORTS.map((transport, at) => ({ transport, server: servers[at] as Postgres })))(
    "stays up and finishes what it acknowledged, over $transport",
    async ({ transport, server }) => {
      const { acknowledged, statuses, ...outcome } = await surviveOutages({
        cloud,
        postgres: server,
        address: `${cloud.world.plan.block}.0.9:3000`,
        restarts: transport === "tcp" ? ["immediate", "fast"] : ["fast"],
        customers: 3,
      });
      expect(outcome).toEqual({ violations: [], hasDied: false, left: [], records: 0 });
      expect(acknowledged).toBeGreaterThan(0);
      expect(statuses["503"]).toBeGreaterThan(0);
    },
  );
});
