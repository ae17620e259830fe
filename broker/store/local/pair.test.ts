import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore, type Store } from "../store.ts";
import { realHost } from "../../host.ts";
import type { StorePool } from "../pool.ts";
import { postgresPool } from "../postgres.ts";
import { StoreError } from "../../errors.ts";
import { type PostgresPair, startPair } from "./pair.ts";

const { pid } = process;
const HOST = `127.${200 + ((pid >> 16) % 15)}.${(pid >> 8) % 256}.${pid % 256}`;
const heard: string[] = [];
const made = await startPair(
  [
    { host: HOST, port: 5432 },
    { host: HOST, port: 5433 },
  ],
  (event, node) => heard.push(`${node} ${event}`),
).catch((error: unknown) => ({ reason: String(error) }));
if ("reason" in made) process.stderr.write(`skipped: a pair of PostgreSQL: ${made.reason}\n`);

describe.skipIf("reason" in made)("a pair of PostgreSQL", () => {
  const pair = made as PostgresPair;
  let pool: StorePool;
  let store: Store;

  beforeAll(async () => {
    pool = postgresPool(pair.url);
    store = await openStore(pool, realHost());
  });
  afterAll(async () => {
    await pool.end();
    await pair.stop();
  });

  /** Adds records while `goesOn`. Returns the ids of those that were confirmed. */
  const write = async (name: string, goesOn: () => boolean): Promise<readonly string[]> => {
    const confirmed: string[] = [];
    for (let at = 0; goesOn(); at++) {
      const id = `${name}-${at}`;
      const row = {
        id,
        instance_id: "a",
        state: "ready",
        request: "",
        username: "u",
        password: "",
        created_ms: 1,
      } as const;
      try {
        if (await store.addBinding(row)) confirmed.push(id);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    return confirmed;
  };

  it("loses nothing that was confirmed, however often its primary is killed", async () => {
    let goesOn = true;
    const writers = Promise.all(["w1", "w2", "w3"].map((name) => write(name, () => goesOn)));
    for (let kill = 1; kill <= 2; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await pair.killPrimary();
      await pair.untilWhole();
    }
    goesOn = false;
    const confirmed = (await writers).flat();
    const there = new Set((await store.bindings()).map(({ id }) => id));
    expect(confirmed.length).toBeGreaterThan(20);
    expect(confirmed.filter((id) => !there.has(id))).toEqual([]);
    expect(heard.filter((event) => event.endsWith("promoted"))).toEqual(["node1 promoted", "node0 promoted"]);
    expect(heard.filter((event) => event.includes("failed"))).toEqual([]);
  }, 900_000);
});
