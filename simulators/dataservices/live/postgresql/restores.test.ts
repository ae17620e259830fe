import fc from "fast-check";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseOf, makeDatabase } from "./testing/databases.ts";
import { digestOf } from "./testing/digest.ts";
import { howMany, sliceOf } from "../../../../scripts/tests/slice.ts";
import { whyNoServer } from "./binaries.ts";
import { PostgresqlRig } from "./testing/rig.ts";
import { roundTrip } from "./testing/round-trip.ts";

const whyNot = await whyNoServer();
if (whyNot !== undefined) process.stderr.write(`skipped: restores on a real server: ${whyNot}\n`);

const KIB = 1024;
const MIB = 1024 * KIB;
/** Bytes of rows, and how many databases of this size are drawn. `npm run restores` draws many more. */
const SIZES = sliceOf(
  [
    [100 * KIB, 1],
    [2 * KIB, 1],
    [1.5 * MIB, 1],
  ] as const,
  2,
);
/** A failure is shrunk, a few seconds a step at most. */
const TEST_MS_MAX = 300_000;

/** Tables of one database, each with a sequence and an index, which a tenant has made over time. */
const MANY_TABLES = 200;
const TABLES_AT_ONCE = 100;

async function dumpOf(rig: PostgresqlRig): Promise<Uint8Array> {
  const dump = await rig.dump();
  if (dump instanceof Uint8Array) return dump;
  throw new Error(JSON.stringify(dump));
}

describe.skipIf(whyNot !== undefined)("a restore on a real server", { timeout: TEST_MS_MAX }, () => {
  let rig: PostgresqlRig;
  beforeAll(async () => {
    rig = await PostgresqlRig.open();
  });
  afterAll(async () => {
    await rig.close();
    expect(rig.troubles).toEqual([]);
  });

  it.each(SIZES)("returns what was backed up: databases of %d bytes", async (bytes, numRuns) => {
    await fc.assert(
      fc.asyncProperty(databaseOf(bytes), async (plan) => {
        expect((await roundTrip(rig, plan)).differences).toEqual([]);
      }),
      { numRuns },
    );
  });

  describe("of an incomplete dump", () => {
    let dump: Uint8Array;
    let held: readonly string[];
    beforeAll(async () => {
      const [plan] = fc.sample(databaseOf(200 * KIB), { seed: 7, numRuns: 1 });
      if (plan === undefined) throw new Error("nothing was drawn");
      await rig.using((client) => makeDatabase(client, plan));
      dump = await dumpOf(rig);
      held = await rig.using(digestOf);
    });

    it("is refused wherever the dump was cut or changed, and changes nothing", async () => {
      const damage = fc.record({ at: fc.nat({ max: dump.length - 1 }), isCut: fc.boolean(), bit: fc.nat({ max: 7 }) });
      await fc.assert(
        fc.asyncProperty(damage, async ({ at, isCut, bit }) => {
          const changed = dump.slice();
          changed[at] = (changed[at] ?? 0) ^ (1 << bit);
          expect((await rig.restore(isCut ? dump.subarray(0, at) : changed)).status).toBe(422);
        }),
        { numRuns: howMany(2, 4) },
      );
      expect(await rig.using(digestOf)).toEqual(held);
    });
  });

  it("brings back tables without columns, and with only generated ones", async () => {
    await rig.using((client) =>
      client.query(`DROP SCHEMA shared CASCADE; CREATE SCHEMA shared; CREATE TABLE bare (); INSERT INTO bare DEFAULT VALUES; INSERT INTO bare DEFAULT VALUES;
        CREATE TABLE made (seven int GENERATED ALWAYS AS (7) STORED); INSERT INTO made DEFAULT VALUES`),
    );
    const held = await rig.using(digestOf);
    const dump = await dumpOf(rig);
    await rig.using((client) => client.query("DELETE FROM bare; DELETE FROM made"));
    expect((await rig.restore(dump)).status).toBe(200);
    expect(await rig.using(digestOf)).toEqual(held);
  });

  it("succeeds although tenants have taken every connection", async () => {
    const dump = await dumpOf(rig);
    const clients: pg.Client[] = [];
    const refusal = await (async () => {
      for (;;) clients.push(await rig.connect());
    })().catch((error: { code?: string }) => error.code);
    expect(refusal).toBe("53300");
    expect((await rig.restore(dump)).status).toBe(200);
    for (const client of clients) await client.end();
  });

  it("succeeds after a process of the server has crashed", async () => {
    const dump = await dumpOf(rig);
    await rig.using(async (client) => {
      const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      const ended = new Promise<void>((resolve) => client.once("end", resolve));
      process.kill(rows[0]?.pid ?? 0, "SIGKILL");
      await ended;
    });
    await expect.poll(async () => (await rig.restore(dump)).status, { timeout: TEST_MS_MAX }).toBe(200);
  });

  it("makes many tables in one transaction", async () => {
    await rig.using(async (client) => {
      await client.query("DROP SCHEMA shared CASCADE; CREATE SCHEMA shared");
      for (let made = 0; made < MANY_TABLES; made += TABLES_AT_ONCE)
        await client.query(
          `DO $$ BEGIN FOR at IN ${made + 1}..${made + TABLES_AT_ONCE} LOOP EXECUTE format('CREATE TABLE shared.t%s (id serial PRIMARY KEY, x text)', at); END LOOP; END $$`,
        );
    });
    const dump = await dumpOf(rig);
    expect(await rig.restore(dump)).toEqual({ status: 200, body: { restored: true } });
  });
});
