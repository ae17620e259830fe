import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ServerError } from "../wire/errors.ts";
import type { Collection } from "./collection.ts";
import { Log } from "./log.ts";
import { Store } from "./store.ts";
import { Busy, type Transaction } from "./transaction.ts";

const open = (): { store: Store; collection: Collection } => {
  const store = new Store(() => 1000);
  store.change({ kind: "create", database: "app", collection: "items", uuid: "00", options: {} });
  return { store, collection: store.catalog.require("app", "items") };
};

const visible = (collection: Collection, by: Transaction | Store): Record<string, unknown> =>
  Object.fromEntries([...collection.documents(by.reader)].map(({ _id, n }) => [String(_id), n]));

/** Runs a function; returns the refusal, if any. */
function attempt(work: () => void): "done" | "duplicate" | "conflict" | "busy" {
  try {
    work();
    return "done";
  } catch (error) {
    if (error instanceof Busy) return "busy";
    if (error instanceof ServerError && error.codeName === "DuplicateKey") return "duplicate";
    if (error instanceof ServerError && error.codeName === "WriteConflict") return "conflict";
    throw error;
  }
}

describe("a unique index", () => {
  const operation = fc.record({
    id: fc.integer({ min: 0, max: 5 }),
    n: fc.option(fc.integer({ min: 0, max: 4 })),
    isRemoval: fc.boolean(),
  });

  test("holds whatever is written, and refuses no free key", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const { store, collection } = open();
        store.change({
          kind: "createIndex",
          database: "app",
          collection: "items",
          index: { name: "n", key: { n: 1 }, unique: true, sparse: true },
        });
        const model = new Map<number, number | null>();
        for (const { id, n, isRemoval } of operations) {
          const isTaken = n !== null && !isRemoval && [...model].some(([other, value]) => other !== id && value === n);
          const transaction = store.begin(false);
          const outcome = attempt(() => {
            transaction.put(collection, id, isRemoval ? undefined : n === null ? { _id: id } : { _id: id, n });
            store.commit(transaction);
          });
          if (outcome !== "done") store.abort(transaction);
          expect(outcome).toBe(isTaken ? "duplicate" : "done");
          if (outcome === "done" && isRemoval) model.delete(id);
          else if (outcome === "done") model.set(id, n);
        }
        expect(visible(collection, store)).toEqual(
          Object.fromEntries([...model].map(([id, n]) => [String(id), n ?? undefined])),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe("transactions", () => {
  /**
   * The interleaved steps of two or three clients: begin, read one document and write another from its value,
   * commit, abort.
   */
  const action = fc.record({
    who: fc.integer({ min: 0, max: 2 }),
    what: fc.constantFrom("write", "write", "write", "commit", "abort"),
    id: fc.integer({ min: 0, max: 3 }),
  });

  test("that commit have the effect of running one after another, in the order of their commits; the others have none", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const { store, collection } = open();
        const clients = new Map<number, { transaction: Transaction; writes: Map<number, number> }>();
        const model = new Map<string, unknown>();
        let stamp = 0;
        for (const { who, what, id } of actions) {
          const mine = clients.get(who) ?? { transaction: store.begin(true), writes: new Map<number, number>() };
          clients.set(who, mine);
          if (what === "write") {
            const value = ++stamp;
            if (attempt(() => mine.transaction.put(collection, id, { _id: id, n: value })) === "done") {
              mine.writes.set(id, value);
              continue;
            }
          }
          clients.delete(who);
          if (what !== "commit") store.abort(mine.transaction);
          else {
            store.commit(mine.transaction);
            for (const [written, value] of mine.writes) model.set(String(written), value);
          }
          expect(visible(collection, store)).toEqual(Object.fromEntries(model));
        }
        for (const { transaction } of clients.values()) store.abort(transaction);
        expect(visible(collection, store)).toEqual(Object.fromEntries(model));
        // Nothing remains of ended transactions.
        for (const record of collection.records.values())
          expect([record.pending, record.newest?.older]).toEqual([undefined, undefined]);
      }),
      { numRuns: 500 },
    );
  });

  test("see one state from first to last, whatever others commit", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ id: fc.integer({ min: 0, max: 3 }), isRemoval: fc.boolean() }), { maxLength: 20 }),
        (writes) => {
          const { store, collection } = open();
          const write = (id: number, n: number, isRemoval: boolean): void => {
            const single = store.begin(false);
            single.put(collection, id, isRemoval ? undefined : { _id: id, n });
            store.commit(single);
          };
          for (const id of [0, 1, 2]) write(id, -1, false);
          const reader = store.begin(true);
          const before = visible(collection, reader);
          for (const [n, { id, isRemoval }] of writes.entries()) {
            write(id, n, isRemoval);
            expect(visible(collection, reader)).toEqual(before);
          }
          store.abort(reader);
        },
      ),
    );
  });

  test("conflict if another has committed since they began; a single write waits for an open one", () => {
    const { store, collection } = open();
    const [a, b] = [store.begin(true), store.begin(true)];
    a.put(collection, 1, { _id: 1, n: 1 });
    expect(attempt(() => b.put(collection, 1, { _id: 1, n: 2 }))).toBe("conflict");
    expect(attempt(() => store.begin(false).put(collection, 1, { _id: 1, n: 3 }))).toBe("busy");
    store.commit(a);
    expect(attempt(() => b.put(collection, 1, { _id: 1, n: 2 }))).toBe("conflict");
    expect(attempt(() => store.begin(false).put(collection, 1, { _id: 1, n: 3 }))).toBe("done");
  });
});

test("a unique key taken by an open transaction is free for nobody until it ends", () => {
  const { store, collection } = open();
  const index = { name: "n", key: { n: 1 }, unique: true };
  store.change({ kind: "createIndex", database: "app", collection: "items", index });
  const [a, b] = [store.begin(true), store.begin(true)];
  a.put(collection, 1, { _id: 1, n: 7 });
  expect(attempt(() => b.put(collection, 2, { _id: 2, n: 7 }))).toBe("conflict");
  expect(attempt(() => store.begin(false).put(collection, 3, { _id: 3, n: 7 }))).toBe("busy");
  store.abort(a);
  expect(attempt(() => store.begin(false).put(collection, 3, { _id: 3, n: 7 }))).toBe("done");
});

describe("the log", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "documents-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const openLog = (limits: { logBytesMax?: number; diskBytesMax?: number } = {}): { store: Store; log: Log } => {
    const store = new Store(() => 1000);
    const log = Log.open({
      folder,
      store,
      marks: () => [],
      onMarks: () => {},
      logBytesMax: 1e9,
      diskBytesMax: 1e9,
      ...limits,
    });
    return { store, log };
  };
  const put = (store: Store, id: number, n: number): void => {
    const transaction = store.begin(false);
    transaction.put(store.catalog.require("app", "items"), id, { _id: id, n });
    store.commit(transaction);
  };
  const create = (store: Store): void =>
    store.change({ kind: "create", database: "app", collection: "items", uuid: "00", options: {} });

  test("brings back every commit, with or without an orderly stop", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            id: fc.integer({ min: 0, max: 5 }),
            what: fc.constantFrom("put", "put", "compact", "reopen", "drop"),
          }),
          { maxLength: 30 },
        ),
        (steps) => {
          rmSync(folder, { recursive: true });
          let { store, log } = openLog();
          create(store);
          let model: Record<string, number> = {};
          for (const [n, { id, what }] of steps.entries()) {
            if (what === "put") {
              put(store, id, n);
              model = { ...model, [id]: n };
            }
            if (what === "compact") log.compact();
            if (what === "drop") {
              store.change({ kind: "drop", database: "app", collection: "items" });
              create(store);
              model = {};
            }
            // Without closing: everything written must be there.
            if (what === "reopen") ({ store, log } = openLog());
            expect(visible(store.catalog.require("app", "items"), store)).toEqual(model);
          }
          log.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  test("ends before the incomplete entry if it is truncated anywhere", () => {
    const { store, log } = openLog();
    create(store);
    for (const id of [1, 2, 3]) put(store, id, id);
    log.close();
    const path = join(folder, readdirSync(folder).find((name) => name.startsWith("log-")) ?? "");
    const whole = readFileSync(path);
    for (let length = whole.length - 1; length > whole.length - 20; length--) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      const again = openLog();
      expect(visible(again.store.catalog.require("app", "items"), again.store)).toEqual({ 1: 1, 2: 2 });
      again.log.close();
    }
  });

  test("refuses to start from a damaged image, rather than lose data", () => {
    const { store, log } = openLog();
    create(store);
    put(store, 1, 1);
    log.compact();
    log.close();
    const path = join(folder, readdirSync(folder).find((name) => name.startsWith("image-")) ?? "");
    const bytes = readFileSync(path);
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    expect(() => openLog()).toThrow("incomplete");
  });

  test("reports a full disk, and has room again once something is deleted", () => {
    const { store, log } = openLog({ diskBytesMax: 4000 });
    create(store);
    const fill = (): void => {
      for (let id = 0; id < 1000; id++) put(store, id, id);
    };
    expect(fill).toThrow("No space left on device");
    const collection = store.catalog.require("app", "items");
    expect(collection.committedDocuments.length).toBeGreaterThan(5);
    const { length } = collection.committedDocuments;
    const gone = store.begin(false);
    for (const { _id } of collection.committedDocuments) gone.put(collection, _id, undefined);
    store.commit(gone);
    put(store, 1, 1);
    expect(length).toBeGreaterThan(collection.committedDocuments.length);
    log.close();
  });
});
