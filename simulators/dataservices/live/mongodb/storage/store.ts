import { Timestamp } from "bson";
import { equals } from "../values/compare.ts";
import { keyOf } from "../values/key.ts";
import type { Document, Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { Catalog } from "./catalog.ts";
import type { Collection } from "./collection.ts";
import {
  type CatalogOperation,
  type Entry,
  isDocumentOperation,
  type Operation,
  type WriteMark,
} from "./operations.ts";
import { documentFor, type Reader, type Record } from "./records.ts";
import { Busy, Transaction, writeConflict } from "./transaction.ts";

/**
 * A follower, which gets every commit: the log, change streams, replicas. It may refuse one (a full disk) by
 * throwing.
 */
type Follower = (entry: Entry) => void;

/** The data: a catalog, and versioned documents that only transactions change. */
export class Store {
  readonly catalog = new Catalog();
  readonly #now: () => number;
  readonly #open = new Set<Transaction>();
  /** Records with versions that only open snapshots see. */
  readonly #stale = new Map<Record, Collection>();
  readonly #followers: Follower[] = [];
  version = 0;
  time: Timestamp;

  constructor(now: () => number) {
    this.#now = now;
    this.time = Timestamp.fromBits(1, Math.floor(now() / 1000));
  }

  /**
   * Adds a follower, called before each commit completes. Followers are called in the order in which they
   * were added.
   */
  follow(follower: Follower): void {
    this.#followers.push(follower);
  }

  /** The reader of everything committed. */
  get reader(): Reader {
    return { snapshot: Number.POSITIVE_INFINITY, transaction: undefined };
  }

  /**
   * Begins a transaction: with `isMulti` a client's, which sees what is committed now; otherwise one for a
   * single write.
   */
  begin(isMulti: boolean): Transaction {
    const transaction = new Transaction(
      (...change) => this.#write(...change),
      isMulti,
      isMulti ? this.version : Number.POSITIVE_INFINITY,
    );
    this.#open.add(transaction);
    return transaction;
  }

  #write(
    by: Transaction,
    collection: Collection,
    id: Value,
    document: Document | undefined,
    isReplacement: boolean,
  ): void {
    const record = this.#lock(by, collection, id);
    const before = record.pending?.document ?? (record.pending === undefined ? record.newest?.document : undefined);
    const indexes =
      document === undefined ? [] : [...collection.indexes.values()].filter(({ spec }) => spec.name !== "_id_");
    try {
      // All checks that may refuse the document come before the first change.
      for (const index of indexes) index.keysOf(document);
      for (const index of indexes) index.requireUnique(collection.namespace, record, document ?? {}, by);
    } catch (error) {
      if (record.newest === undefined && record.pending === undefined) collection.records.delete(record.key);
      throw error;
    }
    const previous = record.pending?.document;
    record.pending = { by, document, isReplacement };
    for (const index of indexes) index.add(record, document);
    if (previous !== undefined) for (const index of collection.indexes.values()) index.remove(record, previous);
    if (before === undefined && document !== undefined) this.#moveToEnd(collection, record);
    by.changes.set(record, { collection, record });
  }

  #lock(by: Transaction, collection: Collection, id: Value): Record {
    const key = keyOf(id);
    const there = collection.records.get(key);
    if (there === undefined) {
      const record: Record = { id, key, newest: undefined, pending: undefined };
      collection.records.set(key, record);
      return record;
    }
    if (there.pending !== undefined && there.pending.by !== by) by.meet(there.pending.by);
    if (there.newest !== undefined && there.newest.at > by.snapshot) throw writeConflict();
    return there;
  }

  /** Natural order is that of insertion. */
  #moveToEnd(collection: Collection, record: Record): void {
    collection.records.delete(record.key);
    collection.records.set(record.key, record);
  }

  /**
   * Makes the changes of a transaction visible, all at once.
   * @throws what a follower throws; then nothing has changed
   */
  commit(transaction: Transaction, marks: readonly WriteMark[] = []): void {
    const changes = [...transaction.changes.values()].filter(({ record }) => record.pending?.by === transaction);
    const operations = changes.flatMap(({ collection, record }): readonly Operation[] => {
      const before = record.newest?.document;
      const document = record.pending?.document;
      if (before === undefined && document === undefined) return [];
      const change = record.pending?.isReplacement === true ? "replace" : "update";
      const kind = document === undefined ? "delete" : before === undefined ? "insert" : change;
      return [{ kind, database: collection.database, collection: collection.name, id: record.id, document, before }];
    });
    if (operations.length > 0 || marks.length > 0) this.#announce(operations, marks);
    this.#open.delete(transaction);
    for (const { collection, record } of changes) this.#settle(collection, record);
    transaction.end();
    this.#sweep();
  }

  #announce(operations: readonly Operation[], marks: readonly WriteMark[]): void {
    const time = this.nextTime();
    const entry: Entry = { at: this.version + 1, time, wallMs: this.#now(), operations, marks };
    for (const follower of this.#followers) follower(entry);
    this.version = entry.at;
    this.time = time;
  }

  /** A time later than all before. */
  nextTime(): Timestamp {
    const seconds = Math.floor(this.#now() / 1000);
    const [high, low] = [this.time.getHighBitsUnsigned(), this.time.getLowBitsUnsigned()];
    return seconds > high ? Timestamp.fromBits(1, seconds) : Timestamp.fromBits(low + 1, high);
  }

  #settle(collection: Collection, record: Record): void {
    const { pending, newest } = record;
    if (pending === undefined) return;
    const before = newest?.document;
    record.newest = { document: pending.document, at: this.version, older: newest };
    record.pending = undefined;
    collection.changedAt = this.version;
    for (const index of collection.indexes.values()) {
      index.remove(record, before);
      index.add(record, record.newest.document);
    }
    this.#stale.set(record, collection);
  }

  /** Undoes a transaction. */
  abort(transaction: Transaction): void {
    this.#open.delete(transaction);
    for (const { collection, record } of transaction.changes.values()) {
      const { pending } = record;
      if (pending?.by !== transaction) continue;
      record.pending = undefined;
      for (const index of collection.indexes.values()) index.remove(record, pending.document);
      if (record.newest === undefined && collection.records.get(record.key) === record)
        collection.records.delete(record.key);
    }
    transaction.end();
    this.#sweep();
  }

  #sweep(): void {
    const snapshots = [...this.#open].filter(({ isMulti }) => isMulti).map(({ snapshot }) => snapshot);
    const oldest = Math.min(this.version, ...snapshots);
    for (const [record, collection] of this.#stale) {
      collection.sweep(record, oldest);
      if (record.newest?.older === undefined) this.#stale.delete(record);
    }
  }

  /** Changes the catalog. @throws Busy while a transaction has changes in a collection that is dropped or renamed */
  change(operation: CatalogOperation): void {
    if (operation.kind === "drop" || operation.kind === "rename" || operation.kind === "dropDatabase")
      this.#requireFree(operation);
    // An operation that fails must not reach the log.
    if (operation.kind === "createIndex") this.#tryIndex(operation);
    this.#announce([operation], []);
    if (operation.kind !== "createIndex") this.catalog.apply(operation);
  }

  #tryIndex(operation: CatalogOperation & { kind: "createIndex" }): void {
    this.catalog.apply(operation);
  }

  #requireFree(operation: CatalogOperation): void {
    for (const transaction of this.#open)
      for (const { collection, record } of transaction.changes.values()) {
        if (record.pending?.by !== transaction || collection.database !== operation.database) continue;
        if (!("collection" in operation) || collection.name === operation.collection) throw new Busy(transaction.ended);
      }
  }

  /**
   * Adopts a commit of a primary, as if it had been made here.
   * @throws what a follower throws; then nothing has changed
   */
  replicate(entry: Entry): void {
    for (const follower of this.#followers) follower(entry);
    this.replay(entry);
  }

  /** Carries out an entry of a log or of a primary. This store adopts its times. */
  replay(entry: Entry): void {
    for (const operation of entry.operations) {
      if (!isDocumentOperation(operation)) {
        this.catalog.apply(operation);
        continue;
      }
      const collection = this.catalog.find(operation.database, operation.collection);
      if (collection === undefined)
        throw new ServerError("InternalError", "the log changes a collection that does not exist");
      const transaction = this.begin(false);
      transaction.put(collection, operation.id, operation.document);
      this.#open.delete(transaction);
      const record = collection.recordOf(operation.id);
      this.version = entry.at;
      if (record !== undefined) this.#settle(collection, record);
      transaction.end();
    }
    this.version = entry.at;
    this.time = entry.time;
    this.#sweep();
  }
}

/** The document that a transaction or a reader sees under an `_id`. */
export function documentUnder(collection: Collection, id: Value, reader: Reader): Document | undefined {
  const record = collection.recordOf(id);
  return record === undefined || !equals(record.id, id) ? undefined : documentFor(record, reader);
}
