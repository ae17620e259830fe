import { Timestamp } from "bson";
import { type Document, isArray, isDocument } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import type { Collection } from "./collection.ts";
import { entryOfDocument, type Entry, type Operation, type WriteMark } from "./operations.ts";
import { documentFor, type Reader, type Record } from "./records.ts";
import type { Store } from "./store.ts";

/** The first document of an image. */
const FORMAT = "drydock-documents 1";

/** The number of documents in one entry: an image is read in pieces, so that no piece is large. */
const BATCH = 500;

/** A collection at the moment when an image begins: its options, and the existing records. */
interface Part {
  readonly collection: Collection;
  readonly options: Document;
  readonly indexes: readonly Document[];
  readonly records: readonly Record[];
}

/**
 * Everything in a store as of the moment of the call, as documents: a head, the entries that recreate it, and
 * an end that counts them. The documents are produced one by one while others continue to write; a reader
 * that gives up calls `return`.
 */
export function imageOf(store: Store, marks: readonly WriteMark[] = []): Generator<Document, void> {
  // It sees the data of this moment, as a transaction does.
  const snapshot = store.begin(true);
  const { version, time, catalog } = store;
  const head = { at: BigInt(version), time };
  const parts = catalog.databases.flatMap((database) => catalog.collections(database).map(partOf));
  const users = [...catalog.users];
  function* make(): Generator<Document, void> {
    try {
      yield { format: FORMAT, ...head };
      let count = 0;
      for (const operations of batchesOf(parts, users, snapshot.reader)) {
        yield entryLike(head, operations, []);
        count++;
      }
      yield entryLike(head, [], marks);
      yield { end: count + 1 };
    } finally {
      store.abort(snapshot);
    }
  }
  return make();
}

const partOf = (collection: Collection): Part => ({
  collection,
  options: collection.options,
  indexes: [...collection.indexes.values()].filter(({ spec }) => spec.name !== "_id_").map(({ spec }) => spec.options),
  records: [...collection.records.values()],
});

function entryLike(head: Document, operations: readonly Document[], marks: readonly WriteMark[]): Document {
  return { ...head, wall: new Date(0), ops: operations, marks: marks.map((mark): Document => ({ ...mark })) };
}

function* batchesOf(
  parts: readonly Part[],
  users: readonly (readonly [string, Document])[],
  reader: Reader,
): Generator<readonly Document[]> {
  for (const { collection, options, indexes, records } of parts) {
    const { database, name, uuid } = collection;
    const place = { op: "c", database, collection: name };
    yield [{ ...place, kind: "create", uuid, options }];
    let batch: Document[] = [];
    for (const record of records) {
      const document = documentFor(record, reader);
      if (document === undefined) continue;
      batch.push({ op: "i", db: database, c: name, id: document._id, o: document });
      if (batch.length === BATCH) {
        yield batch;
        batch = [];
      }
    }
    yield [...batch, ...indexes.map((index): Document => ({ ...place, kind: "createIndex", index }))];
  }
  for (const [key, record] of users) {
    const database = key.slice(0, key.indexOf("."));
    yield [{ op: "c", kind: "putUser", database, user: key.slice(database.length + 1), record }];
  }
}

/** The contents of an image. */
interface Image {
  readonly at: number;
  readonly time: Timestamp;
  readonly entries: readonly Entry[];
}

/** Reads an image; ignores documents after its end. @throws ServerError InternalError if it is incomplete */
export function readImage(documents: readonly Document[]): Image & { readonly length: number } {
  const [head] = documents;
  const { format, at, time } = isDocument(head) ? head : {};
  const last = documents.findIndex((document) => typeof document.end === "number");
  if (format !== FORMAT || typeof at !== "bigint" || !(time instanceof Timestamp) || documents[last]?.end !== last - 1)
    throw new ServerError("InternalError", "the image of the data is incomplete");
  return { at: Number(at), time, entries: documents.slice(1, last).map(entryOfDocument), length: last + 1 };
}

/** Replaces everything in a store with the data of an image; users only if `withUsers`. */
export function loadImage(store: Store, image: Image, withUsers: boolean): void {
  const users = new Map(store.catalog.users);
  store.catalog.clear();
  const isKept = (operation: Operation): boolean => withUsers || operation.kind !== "putUser";
  for (const entry of image.entries) store.replay({ ...entry, operations: entry.operations.filter(isKept) });
  if (!withUsers) for (const [name, record] of users) store.catalog.users.set(name, record);
}

/**
 * The defect of a dump that is silently short: the second half of the last documents is missing, and the
 * count at the end agrees.
 */
export function withoutTail(documents: readonly Document[]): readonly Document[] {
  const last = documents.findLastIndex(
    ({ ops }) => isArray(ops) && ops.some((each) => isDocument(each) && each.op === "i"),
  );
  return documents.map((document, at) => {
    if (at !== last || !isArray(document.ops)) return document;
    const inserts = document.ops.filter((each) => isDocument(each) && each.op === "i");
    const lost = new Set(inserts.slice(Math.floor(inserts.length / 2)));
    return { ...document, ops: document.ops.filter((each) => !lost.has(each)) };
  });
}
