import type pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { AGENT } from "../../testing.ts";
import { DATABASE } from "../testing/rig.ts";
import { whyNoServer } from "./binaries.ts";
import { PostgresqlRig } from "./testing/rig.ts";

const whyNot = await whyNoServer();
if (whyNot !== undefined) process.stderr.write(`skipped: limits of a real server: ${whyNot}\n`);

describe.skipIf(whyNot !== undefined)("the limits of a plan", () => {
  let rig: PostgresqlRig | undefined;
  const open = async (properties: Readonly<Record<string, unknown>>): Promise<PostgresqlRig> =>
    (rig = await PostgresqlRig.open(properties));

  afterEach(async () => {
    await rig?.close();
  });

  it("connections: the server itself refuses one more, and the others continue", async () => {
    const { connect } = await open({ max_connections: 12 }).then((made) => ({ connect: () => made.connect() }));
    const clients: pg.Client[] = [];
    const refusalOf = async (): Promise<unknown> => {
      for (let at = 0; at < 13; at++) clients.push(await connect());
      return undefined;
    };
    await expect(refusalOf()).rejects.toMatchObject({ code: "53300" });
    expect(clients.length).toBeGreaterThan(5);
    expect((await clients[0]?.query("SELECT 1 AS x"))?.rows).toEqual([{ x: 1 }]);
    await Promise.all(clients.map((client) => client.end()));
  });

  it("temporary files: a sort that needs more fails, and the tenant can't lift the limit", async () => {
    const made = await open({ temp_file_limit: 1024 });
    await made.using(async (client) => {
      const sort = "SELECT count(*) FROM (SELECT md5(i::text) m FROM generate_series(1, 200000) i ORDER BY 1) s";
      await client.query("SET work_mem = '64kB'");
      await expect(client.query(sort)).rejects.toMatchObject({ code: "53400" });
      await expect(client.query("SET temp_file_limit = -1")).rejects.toMatchObject({ code: "42501" });
    });
  });

  it.skipIf(process.platform !== "linux")(
    "memory: a statement that needs more fails, and its session continues",
    async () => {
      const made = await open({ memory_mb: 64 });
      await made.using(async (client) => {
        await client.query("SET work_mem = '1GB'");
        const text = "SELECT length(repeat('x', 100 * 1024 * 1024)) AS n";
        await expect(client.query(text)).rejects.toMatchObject({ code: "53200" });
        expect((await client.query("SELECT 1 AS x")).rows).toEqual([{ x: 1 }]);
      });
    },
  );

  it("disk: sessions end and nobody is admitted while it is too full, with the reason; a higher threshold opens it again", async () => {
    const made = await open({ disk_mb: 1000, max_disk_threshold: 13, diskMs: 3_600_000 });
    const client = await made.connect();
    await made.plane.checkDisks();
    expect((await client.query("SELECT 1 AS x")).rows).toEqual([{ x: 1 }]);
    await client.query("CREATE TABLE t AS SELECT repeat(md5(i::text), 30) FROM generate_series(1, 140000) i");
    await made.plane.checkDisks();
    await expect(client.query("SELECT 1")).rejects.toBeInstanceOf(Error);
    await expect(made.connect()).rejects.toMatchObject({
      code: "53100",
      message: expect.stringMatching(/\d+ of 1000 MiB are used, and max_disk_threshold is 13 %/) as string,
    });
    expect((await made.ask("GET", "/v1/status")).status).toBe(200);
    const properties = {
      database: DATABASE,
      port: 5432,
      agent: AGENT,
      max_connections: 20,
      disk_mb: 1000,
      max_disk_threshold: 100,
    };
    const place = {
      address: made.address,
      deployment: DATABASE,
      index: 0,
      bootstrap: true,
      disk: `disk-${made.address}`,
    };
    made.services.start({ kind: "postgresql", ...place, properties });
    await made.plane.settle();
    await made.plane.checkDisks();
    expect(await made.using(async (each) => (await each.query("SELECT count(*)::int AS n FROM t")).rows)).toEqual([
      { n: 140_000 },
    ]);
  });
});
