import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LeaseLostError } from "../errors.ts";
import { realHost } from "../host.ts";
import type { StorePool } from "./pool.ts";
import { type Operation, openStore, type Store } from "./store.ts";
import { testDatabases } from "./testing/databases.ts";
import { backupRow } from "./testing/rows.ts";

const LONG_MS = 60_000;
/** A lease that has ended by the time anybody asks. */
const ENDED_MS = -1;

const databases = await testDatabases();

const operation = (store: Store, id: string, instanceId: string): Operation => ({
  id,
  instance_id: instanceId,
  binding_id: "",
  kind: "provision",
  state: "in progress",
  description: "",
  payload: "{}",
  busy: instanceId,
  created_ms: 5,
  worker: store.worker.name,
  fence: 1,
});

describe.each(databases)("leases on $name", ({ missing, open, openAgain }) => {
  describe.skipIf(missing !== undefined)(missing ?? "where there is one", () => {
    let pools: StorePool[];
    let store: Store;

    /** The store of another process, whose leases last this long. */
    const other = async (leaseMs: number): Promise<Store> => {
      const pool = openAgain();
      pools.push(pool);
      return openStore(pool, realHost(), leaseMs);
    };

    beforeEach(async () => {
      pools = [await open()];
      store = await openStore(pools[0] as StorePool, realHost(), LONG_MS);
    });
    afterEach(async () => {
      for (const pool of new Set(pools)) await pool.end();
    });

    it("keep an operation with whoever opened it, as long as they last", async () => {
      await store.openOperation(operation(store, "o", "a"));
      const second = await other(LONG_MS);
      expect(await second.takeFree()).toEqual([]);
      expect(await second.take("o")).toBeUndefined();
      expect(await second.ownOperations()).toEqual([]);
      expect((await store.ownOperations()).map(({ id }) => id)).toEqual(["o"]);
    });

    it("let exactly one of many processes take over what a dead one has left", async () => {
      const dead = await other(ENDED_MS);
      for (const id of ["o1", "o2", "o3"]) await dead.openOperation(operation(dead, id, `i-${id}`));
      const heirs = await Promise.all([other(LONG_MS), other(LONG_MS), other(LONG_MS)]);
      const taken = await Promise.all(heirs.map((heir) => heir.takeFree()));
      expect(
        taken
          .flat()
          .map(({ id, fence }) => `${id}/${fence}`)
          .sort(),
      ).toEqual(["o1/2", "o2/2", "o3/2"]);
    });

    it("refuse every change of a worker whose operation somebody else has taken", async () => {
      const late = await other(ENDED_MS);
      await late.openOperation(operation(late, "o", "a"));
      const held = late.fencedBy("o", 1);
      const row = { id: "b", instance_id: "a", state: "creating", request: "", username: "u", password: "" } as const;
      expect(await held.addBinding({ ...row, created_ms: 1 })).toBe(true);
      expect((await store.takeFree()).map(({ fence }) => fence)).toEqual([2]);
      const changes = [
        () => held.setBinding("b", { state: "ready" }),
        () => held.deleteBinding("b"),
        () => held.addBinding({ ...row, id: "c", created_ms: 1 }),
        () => held.undoOperation("o"),
        () => held.endOperation("o", "succeeded", ""),
        () => held.forgetOperations("a", "o"),
        () => held.deleteInstance("a"),
      ];
      for (const change of changes) await expect(change()).rejects.toThrow(LeaseLostError);
      expect(await store.bindings()).toEqual([{ ...row, created_ms: 1 }]);
      expect(await store.operation("o")).toMatchObject({ state: "in progress", worker: store.worker.name });
      await store.fencedBy("o", 2).setBinding("b", { state: "ready" });
      expect(await store.binding("b")).toMatchObject({ state: "ready" });
    });

    it("are renewed for what is still held, even if they had expired and nobody took over", async () => {
      const slow = await other(ENDED_MS);
      await slow.openOperation(operation(slow, "o", "a"));
      await slow.openOperation(operation(slow, "p", "b"));
      expect(await slow.renew()).toHaveLength(2);
      expect(await store.take("p")).toBe(2);
      expect(await slow.renew()).toEqual([{ id: "o", fence: 1 }]);
      await slow.fencedBy("o", 1).endOperation("o", "failed", "");
      expect(await slow.renew()).toEqual([]);
    });

    it("of periodic work go to one process at a time, which may keep them", async () => {
      const second = await other(LONG_MS);
      expect(await store.holdLease("watch", LONG_MS)).toBe(true);
      expect(await second.holdLease("watch", LONG_MS)).toBe(false);
      expect(await store.holdLease("watch", ENDED_MS)).toBe(true);
      expect(await second.holdLease("watch", LONG_MS)).toBe(true);
      expect(await store.holdLease("watch", LONG_MS)).toBe(false);
    });

    it("do not separate an operation from the record that it makes", async () => {
      const record = {
        table: "backups",
        row: backupRow("k", "a"),
      } as const;
      expect(await store.openOperation(operation(store, "o", "a"), { record })).toBe(true);
      expect(
        await store.openOperation(operation(store, "p", "a"), {
          record: { ...record, row: { ...record.row, id: "l" } },
        }),
      ).toBe(false);
      expect(await store.openOperation(operation(store, "q", "b"), { record })).toBe(false);
      expect((await store.backups()).map(({ id }) => id)).toEqual(["k"]);
      expect((await store.openOperations()).map(({ id }) => id)).toEqual(["o"]);
    });
  });
});

describe("a private database", () => {
  it("belongs to whoever opens it: open operations in it need no lease to end", async () => {
    const pool = { ...((await databases[0]?.open()) as StorePool), isPrivate: true };
    const first = await openStore(pool, realHost(), LONG_MS);
    await first.openOperation(operation(first, "o", "a"));
    const second = await openStore(pool, realHost(), LONG_MS);
    expect((await second.ownOperations()).map(({ id }) => id)).toEqual(["o"]);
  });
});
