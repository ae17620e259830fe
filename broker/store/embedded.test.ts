import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { embeddedPool } from "./embedded.ts";

type Row = Readonly<Record<string, unknown>>;
type Ask = (sql: string, ...values: readonly unknown[]) => Promise<readonly Row[]>;

/** A table `t` with a key and a number, and the way to ask it. */
async function tableOf(): Promise<Ask> {
  const client = await embeddedPool().connect();
  const ask: Ask = async (sql, ...values) => (await client.query<Row>(sql, values)).rows;
  await ask("create table t (id text primary key, n integer)");
  return ask;
}

const IDS = ["a", "b", "c"] as const;
const READ = "select n from t where id = $1";
const id = fc.constantFrom(...IDS);
const value = fc.option(fc.nat({ max: 3 }));
const step = fc.oneof(
  fc.tuple(fc.constant("insert into t (id, n) values ($1, $2) on conflict do nothing"), id, value),
  fc.tuple(fc.constant("update t set n = $2 where id = $1"), id, value),
  fc.tuple(fc.constant("delete from t where id = $1"), id),
);

describe("the embedded store", () => {
  it("answers a statement that it has ready as it would answer one that it never saw", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const ask = await tableOf();
        const expected = new Map<string, number | null>();
        for (const [sql, key, n = null] of steps) {
          await ask(sql, ...(sql.startsWith("delete") ? [key] : [key, n]));
          if (sql.startsWith("delete")) expected.delete(key);
          else if (sql.startsWith("update") ? expected.has(key) : !expected.has(key)) expected.set(key, n);
          for (const each of IDS)
            expect(await ask(READ, each)).toEqual(expected.has(each) ? [{ n: expected.get(each) }] : []);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("forgets with a transaction what was read in it", async () => {
    const ask = await tableOf();
    await ask("begin");
    await ask("insert into t (id, n) values ($1, $2)", "a", 1);
    expect(await ask(READ, "a")).toEqual([{ n: 1 }]);
    await ask("rollback");
    expect(await ask(READ, "a")).toEqual([]);
  });

  it("inspects a table again when its shape has changed", async () => {
    const ask = await tableOf();
    const all = "select * from t where id = $1";
    expect(await ask(all, "a")).toEqual([]);
    await ask("drop table t");
    await ask("create table t (id text, more text)");
    await ask("insert into t (id, more) values ($1, $2)", "a", "x");
    expect(await ask(all, "a")).toEqual([{ id: "a", more: "x" }]);
  });

  it("tells values of different types apart, and refuses what no row holds", async () => {
    const ask = await tableOf();
    await ask("insert into t (id, n) values ($1, $2)", "1", 1);
    expect(await ask(READ, "1")).toEqual([{ n: 1 }]);
    await expect(ask(READ, Number.NaN)).rejects.toThrow("the embedded store takes no number of this kind");
    await expect(ask(READ, new Date(0))).rejects.toThrow("the embedded store takes no object of this kind");
  });
});
