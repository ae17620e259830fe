import type { PostgresPool } from "kysely";
import { beforeEach, describe, expect, it } from "vitest";
import { StoreError } from "../errors.ts";
import { realHost } from "../host.ts";
import { embeddedPool } from "./embedded.ts";
import type { BackupRow, BindingRow, InstanceRow } from "./schema.ts";
import { postgresPool } from "./postgres.ts";
import { type Operation, openStore, type Store } from "./store.ts";
import { testDatabases } from "./testing/databases.ts";
import { backupRow, restoreRow } from "./testing/rows.ts";

const instance = (id: string, change: Partial<InstanceRow> = {}): InstanceRow => ({
  id,
  plan_id: "plan",
  deployment: `d-${id}`,
  state: "creating",
  owner: "somebody's; with 'quotes' and $1",
  parameters: "{}",
  context: '{"name":"ünïcode \\u0000"}',
  secrets: "",
  address: "",
  version: 1,
  created_ms: 1_900_000_000_123,
  maintenance: "",
  ...change,
});

const operation = (id: string, instanceId: string, change: Partial<Operation> = {}): Operation => ({
  id,
  instance_id: instanceId,
  binding_id: "",
  kind: "provision",
  state: "in progress",
  description: "",
  payload: "{}",
  busy: instanceId,
  created_ms: 5,
  worker: "",
  fence: 1,
  ...change,
});

const binding = (id: string, instanceId: string): BindingRow => ({
  id,
  instance_id: instanceId,
  state: "creating",
  request: "{}",
  username: "u",
  password: "p",
  created_ms: 5,
});

const backup = (id: string, instanceId: string): BackupRow => backupRow(id, instanceId);

const databases = await testDatabases();

describe.each(databases)("the store on $name", ({ missing, open }) => {
  describe.skipIf(missing !== undefined)(missing ?? "where there is one", () => {
    let pool: PostgresPool;
    let store: Store;

    beforeEach(async () => {
      pool = await open();
      store = await openStore(pool, realHost());
      return () => pool.end();
    });

    it("returns what it was given, 64-bit times and awkward text included", async () => {
      expect(await store.addInstance(instance("a"))).toBe(true);
      expect(await store.instance("a")).toEqual(instance("a"));
      expect(await store.instance("b")).toBeUndefined();
    });

    it("accepts an id once, however many ask for it at the same time", async () => {
      const answers = await Promise.all([1, 2, 3, 4].map((at) => store.addInstance(instance("a", { created_ms: at }))));
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await store.instances()).toHaveLength(1);
      expect(await store.addBinding(binding("b", "a"))).toBe(true);
      expect(await store.addBinding(binding("b", "other"))).toBe(false);
      expect((await store.binding("b"))?.instance_id).toBe("a");
    });

    it("changes a record only for whoever saw its latest state", async () => {
      await store.addInstance(instance("a"));
      const seen = instance("a");
      const changes = [store.setInstance(seen, { state: "ready" }), store.setInstance(seen, { state: "failed" })];
      expect((await Promise.all(changes)).filter(Boolean)).toHaveLength(1);
      expect((await store.instance("a"))?.version).toBe(2);
      expect(await store.setInstance({ ...seen, version: 2 }, { address: "127.0.0.9" })).toBe(true);
    });

    it("gives an instance one operation at a time, until it has ended", async () => {
      const orders = ["o1", "o2", "o3"].map((id) => store.openOperation(operation(id, "a")));
      const won = (await Promise.all(orders)).flatMap((isWon, at) => (isWon ? [`o${at + 1}`] : []));
      expect(won).toHaveLength(1);
      expect(await store.openOperation(operation("elsewhere", "b"))).toBe(true);
      expect((await store.busyWith("a"))?.id).toBe(won[0]);
      await store.endOperation(won[0] ?? "", "succeeded", "");
      expect(await store.busyWith("a")).toBeUndefined();
      expect(await store.openOperation(operation("o4", "a"))).toBe(true);
    });

    it("opens an operation together with its record, or neither if the id is taken or the instance is busy", async () => {
      const order = (id: string, instanceId: string, row: InstanceRow): Promise<boolean> =>
        store.openOperation(operation(id, instanceId), { actor: "platform", record: { table: "instances", row } });
      expect(await order("o1", "a", instance("a"))).toBe(true);
      expect(await store.instance("a")).toEqual(instance("a"));
      expect(await order("o2", "a", instance("other"))).toBe(false);
      expect(await order("o3", "b", instance("a", { owner: "another" }))).toBe(false);
      expect((await store.openOperations()).map(({ id }) => id)).toEqual(["o1"]);
      expect((await store.instances()).map(({ id, owner }) => [id, owner])).toEqual([["a", instance("a").owner]]);
      expect((await store.auditBefore(undefined, 10)).map(({ detail }) => detail)).toEqual(["operation o1"]);
    });

    it("lets an operation wait for its turn", async () => {
      await store.openOperation(operation("first", "a"));
      const waiting = operation("second", "a", { kind: "deprovision", busy: null });
      await store.enqueue(waiting);
      expect((await store.busyWith("a"))?.id).toBe("second");
      expect((await store.turnOf("a"))?.id).toBe("first");
      expect(await store.takeTurn(waiting)).toBe(false);
      await store.endOperation("first", "failed", "it did not succeed");
      expect(await store.takeTurn(waiting)).toBe(true);
      expect((await store.turnOf("a"))?.id).toBe("second");
    });

    it("distinguishes the newest operation of an instance from that of a binding", async () => {
      const make = async (id: string, change: Partial<Operation>): Promise<void> => {
        await store.openOperation(operation(id, "a", change));
        await store.endOperation(id, "succeeded", "");
      };
      await make("1", { kind: "provision" });
      await make("2", { kind: "bind", binding_id: "b" });
      await make("3", { kind: "backup" });
      expect((await store.newestOf("a", ""))?.id).toBe("1");
      expect((await store.newestOf("a", "b"))?.id).toBe("2");
      await make("4", { kind: "update" });
      expect((await store.newestOf("a", ""))?.id).toBe("4");
      await store.forgetOperations("a", "4");
      expect(await store.operation("1")).toBeUndefined();
      expect(await store.operation("4")).toMatchObject({ state: "succeeded", busy: null });
    });

    it("finds what a killed process left open, in the order in which it was opened", async () => {
      await store.openOperation(operation("z", "a"));
      await store.openOperation(operation("y", "b"));
      await store.openOperation(operation("x", "c"));
      await store.undoOperation("y");
      await store.endOperation("x", "succeeded", "");
      const again = await openStore(pool, realHost());
      expect((await again.openOperations()).map(({ id, state }) => [id, state])).toEqual([
        ["z", "in progress"],
        ["y", "undoing"],
      ]);
    });

    it("keeps backups and restores by instance", async () => {
      await store.addBackup(backup("k", "a"));
      expect(await store.addBackup(backup("k", "b"))).toBe(false);
      await store.setBackup("k", { state: "succeeded", size_bytes: 2 ** 40 });
      expect(await store.backupsOf("a")).toEqual([{ ...backup("k", "a"), state: "succeeded", size_bytes: 2 ** 40 }]);
      const row = restoreRow("r", "a", "k");
      await store.addRestore(row);
      await store.setRestore("r", { state: "failed", finished_ms: 7 });
      expect(await store.restoresOf("a")).toEqual([{ ...row, state: "failed", finished_ms: 7 }]);
      await store.deleteRestoresOf("a");
      await store.deleteBackupsOf("a");
      expect([...(await store.backups()), ...(await store.restoresOf("a"))]).toEqual([]);
    });

    it("forgets bindings one by one", async () => {
      for (const id of ["b2", "b1"]) await store.addBinding(binding(id, "a"));
      await store.setBinding("b1", { state: "ready" });
      expect((await store.bindingsOf("a")).map(({ id, state }) => [id, state])).toEqual([
        ["b1", "ready"],
        ["b2", "creating"],
      ]);
      await store.deleteBinding("b2");
      expect(await store.bindings()).toHaveLength(1);
    });
  });
});

describe("a store that is away", () => {
  it("is not a defect: it may be retried", async () => {
    const pool = postgresPool("postgres://nobody@127.0.0.1:1/none");
    await expect(openStore(pool, realHost())).rejects.toThrow(StoreError);
    await pool.end();
    const broken = { ...embeddedPool(), connect: () => Promise.reject(new TypeError("no such thing")) };
    await expect(openStore(broken as PostgresPool, realHost())).rejects.toThrow(TypeError);
  });
});
