import { Timestamp } from "bson";
import { type Document, isDocument } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { entryOfDocument, type Entry, type Operation, type WriteMark } from "./operations.ts";
import type { Store } from "./store.ts";

/** What the first document of an image says. */
const FORMAT = "drydock-documents 1";

/** Documents of one entry: an image is read in pieces, so that no piece is large. */
const BATCH = 500;

/** All that a store holds as of one moment, as documents: a head, the entries that make it, and an end that counts them. */
export function* imageOf(store: Store, marks: readonly WriteMark[] = []): Generator<Document> {
  yield { format: FORMAT, at: BigInt(store.version), time: store.time };
  let count = 0;
  for (const operations of batchesOf(store)) {
    yield entryLike(store, operations, []);
    count++;
  }
  yield entryLike(store, [], marks);
  yield { end: count + 1 };
}

function entryLike(store: Store, operations: readonly Document[], marks: readonly WriteMark[]): Document {
  const shown = marks.map((mark): Document => ({ ...mark }));
  return { at: BigInt(store.version), time: store.time, wall: new Date(0), ops: operations, marks: shown };
}

function* batchesOf({ catalog, reader }: Store): Generator<readonly Document[]> {
  for (const database of catalog.databases)
    for (const collection of catalog.collections(database)) {
      const { name, uuid, options } = collection;
      const place = { op: "c", database, collection: name };
      const indexes = [...collection.indexes.values()].filter(({ spec }) => spec.name !== "_id_");
      yield [{ ...place, kind: "create", uuid, options }];
      let batch: Document[] = [];
      for (const document of collection.documents(reader)) {
        batch.push({ op: "i", db: database, c: name, id: document._id, o: document });
        if (batch.length === BATCH) {
          yield batch;
          batch = [];
        }
      }
      yield [
        ...batch,
        ...indexes.map(({ spec }): Document => ({ ...place, kind: "createIndex", index: spec.options })),
      ];
    }
  for (const [key, record] of catalog.users) {
    const database = key.slice(0, key.indexOf("."));
    yield [{ op: "c", kind: "putUser", database, user: key.slice(database.length + 1), record }];
  }
}

/** What an image holds. */
export interface Image {
  readonly at: number;
  readonly time: Timestamp;
  readonly entries: readonly Entry[];
}

/** Reads an image; a second part of its documents is not part of it. @throws ServerError InternalError where it is not whole */
export function readImage(documents: readonly Document[]): Image & { readonly length: number } {
  const [head] = documents;
  const { format, at, time } = isDocument(head) ? head : {};
  const last = documents.findIndex((document) => typeof document.end === "number");
  if (format !== FORMAT || typeof at !== "bigint" || !(time instanceof Timestamp) || documents[last]?.end !== last - 1)
    throw new ServerError("InternalError", "the image of the data is not whole");
  return { at: Number(at), time, entries: documents.slice(1, last).map(entryOfDocument), length: last + 1 };
}

/** Puts the data of an image in the place of all that a store holds; users only where `withUsers`. */
export function loadImage(store: Store, image: Image, withUsers: boolean): void {
  const users = new Map(store.catalog.users);
  store.catalog.clear();
  const isKept = (operation: Operation): boolean => withUsers || operation.kind !== "putUser";
  for (const entry of image.entries) store.replay({ ...entry, operations: entry.operations.filter(isKept) });
  if (!withUsers) for (const [name, record] of users) store.catalog.users.set(name, record);
}
