import { ServerError } from "../wire/errors.ts";
import type { Collection } from "./collection.ts";
import type { Reader, Record } from "./records.ts";
import type { Document, Value } from "../values/value.ts";

/** Thrown if another transaction must end first; the caller waits for it and tries again. */
export class Busy extends Error {
  readonly ended: Promise<void>;

  constructor(ended: Promise<void>) {
    super("another transaction holds the document");
    this.ended = ended;
  }
}

/** The refusal of a write that another transaction has overtaken. */
export const writeConflict = (): ServerError =>
  new ServerError(
    "WriteConflict",
    "Caused by :: Write conflict during plan execution and yielding is disabled. :: Please retry your operation or multi-document transaction.",
  );

/** The functions by which a store changes a document, see `Store`. */
type Write = (
  by: Transaction,
  collection: Collection,
  id: Value,
  document: Document | undefined,
  isReplacement: boolean,
) => void;

/** A change of a transaction: the record and its collection. */
interface Change {
  readonly collection: Collection;
  readonly record: Record;
}

/**
 * A set of changes that are committed together or not at all. A client's transaction sees a snapshot, and
 * fails if another was faster; a single write sees what is committed, and waits.
 */
export class Transaction {
  readonly #write: Write;
  readonly isMulti: boolean;
  readonly snapshot: number;
  readonly changes = new Map<Record, Change>();
  readonly ended: Promise<void>;
  readonly end: () => void;

  constructor(write: Write, isMulti: boolean, snapshot: number) {
    this.#write = write;
    this.isMulti = isMulti;
    this.snapshot = snapshot;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.end = resolve;
  }

  get reader(): Reader {
    return { snapshot: this.snapshot, transaction: this };
  }

  /**
   * Sets the document of an `_id`, or removes it with `undefined`.
   *
   * @throws ServerError WriteConflict, DuplicateKey; Busy
   */
  put(collection: Collection, id: Value, document: Document | undefined, isReplacement = false): void {
    this.#write(this, collection, id, document, isReplacement);
  }

  /**
   * Refuses because another transaction holds the record that this one wants.
   * @throws Busy, ServerError WriteConflict
   */
  meet(other: Transaction): void {
    throw this.isMulti ? writeConflict() : new Busy(other.ended);
  }
}
