import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embeddedPool, type StorePool } from "../../broker/index.ts";
import { postgresPool } from "../../broker/store/postgres.ts";
import { startPostgres } from "../../broker/store/testing.ts";
import { findBrokenLaws } from "../../simulators/laws.ts";
import { recordLaws } from "../laws/records.ts";
import { createWorld } from "../../simulators/world.ts";
import { howMany } from "../../scripts/tests/slice.ts";
import { inception } from "../story/inception.ts";
import { Fate } from "./testing/fate.ts";
import { PersistentCustomer, OWNER } from "./testing.ts";

/*
 * A broker may be killed between any two things that it does to the world or to its store, and is started again some seconds later. It must
 * then finish everything that it had accepted, as if nothing had happened, and leave nothing behind that no record names.
 */
const SERVICE = "postgresql";

const postgres = await startPostgres();
if ("reason" in postgres) process.stderr.write(`skipped: survival on PostgreSQL: ${postgres.reason}\n`);

/** `npm run unit:whole` draws more. */
const STORES = [
  { store: "pg-mem", missing: false, livesMax: howMany(4, 24), pool: embeddedPool },
  {
    store: "PostgreSQL",
    missing: "reason" in postgres,
    livesMax: howMany(2, 8),
    // The world's time is not the database's, and no other process uses it.
    pool: () => ({ ...postgresPool("url" in postgres ? postgres.url : ""), isPrivate: true }),
  },
];

afterAll(async () => {
  if ("stop" in postgres) await postgres.stop();
});

describe.each(STORES)("a broker that is killed, on $store", ({ missing, livesMax: runsMax, pool: open }) => {
  let pool: StorePool;
  let fate: Fate;
  let customer: PersistentCustomer;
  let lifecycles = 0;

  beforeAll(async () => {
    if (missing) return;
    pool = open();
    const world = createWorld({ seed: 7, scramIterations: 1, journalEventsMax: 200 });
    fate = new Fate(world, SERVICE, pool);
    await world.run(async () => {
      await inception(world, { services: [SERVICE] });
      const [broker] = fate.brokers.list();
      if (broker !== undefined) customer = await PersistentCustomer.of(world, broker);
    });
  });

  afterAll(async () => {
    await fate?.brokers.close();
    await pool?.end();
  });

  /** Leads an instance through its whole lifecycle. Returns how each step ended, and what is left over. */
  const runLifecycle = (killedAt: readonly number[]): Promise<Readonly<Record<string, unknown>>> =>
    fate.world.run(async () => {
      const path = `/v2/service_instances/life-${++lifecycles}`;
      const binding = `${path}/service_bindings/binding-${lifecycles}`;
      const backups = `${path}/extensions/backup/backups`;
      const outcomes: Record<string, unknown> = {};
      fate.begin(killedAt);
      outcomes.provision = await customer.ask("PUT", path, OWNER);
      outcomes.bind = await customer.ask("PUT", binding, { bind_resource: { app_guid: "app" } });
      const { id, state } = await customer.make(backups, backups);
      outcomes.backup = state;
      outcomes.update = await customer.ask("PATCH", path, { parameters: { max_connections: 20 + lifecycles } });
      const restores = `${path}/extensions/backup/restores`;
      outcomes.restore = (await customer.make(`${backups}/${id}/restores`, restores)).state;
      outcomes.alive = findBrokenLaws(fate.world, recordLaws(await customer.records()));
      outcomes.unbind = await customer.ask("DELETE", binding);
      outcomes.deprovision = await customer.ask("DELETE", path);
      outcomes.left = findBrokenLaws(fate.world, recordLaws(await customer.records()));
      outcomes.records = (await customer.records()).length;
      return outcomes;
    });

  const SUCCESS = {
    provision: "succeeded",
    bind: "succeeded",
    backup: "succeeded",
    update: "succeeded",
    restore: "succeeded",
    alive: [],
    unbind: "succeeded",
    deprovision: "succeeded",
    left: [],
    records: 0,
  };

  it.skipIf(missing)("completes a lifecycle when nobody kills it", async () => {
    expect(await runLifecycle([])).toEqual(SUCCESS);
    expect(fate.steps).toBeGreaterThan(100);
  });

  it.skipIf(missing)(
    "continues where it stopped, at whichever step it was killed, and leaves nothing behind",
    async () => {
      const stepsMax = fate.steps;
      const moments = fc.array(fc.nat(stepsMax - 1), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(moments, async (killedAt) => {
          expect(await runLifecycle(killedAt)).toEqual(SUCCESS);
          expect(fate.reported).toEqual([]);
        }),
        { numRuns: runsMax },
      );
    },
    600_000,
  );
});
