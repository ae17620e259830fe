import { componentsOf, terminals } from "../query/paths.ts";
import type { Collection } from "../storage/collection.ts";
import { Busy } from "../storage/transaction.ts";
import type { Store } from "../storage/store.ts";
import { type Document, isArray } from "../values/value.ts";

/**
 * Removes the documents that have expired by an index with `expireAfterSeconds`. One that a transaction holds
 * is removed the next time.
 */
export function expireDocuments(store: Store, nowMs: number): number {
  let removed = 0;
  for (const database of store.catalog.databases)
    for (const collection of store.catalog.collections(database))
      for (const { spec } of collection.indexes.values()) {
        const [path] = Object.keys(spec.key);
        if (spec.expireAfterSeconds === undefined || path === undefined) continue;
        const due = nowMs - spec.expireAfterSeconds * 1000;
        for (const document of collection.committedDocuments)
          if ((earliest(document, path) ?? Number.POSITIVE_INFINITY) <= due)
            removed += remove(store, collection, document);
      }
  return removed;
}

/** The earliest date at a path; a value of another type never expires. */
function earliest(document: Document, path: string): number | undefined {
  const times = [...terminals(document, componentsOf(path))]
    .flatMap(({ value }) => (isArray(value) ? value : [value]))
    .filter((value) => value instanceof Date)
    .map((date) => date.getTime());
  return times.length === 0 ? undefined : Math.min(...times);
}

function remove(store: Store, collection: Collection, { _id }: Document): number {
  const transaction = store.begin(false);
  try {
    transaction.put(collection, _id, undefined);
    store.commit(transaction);
    return 1;
  } catch (error) {
    store.abort(transaction);
    if (error instanceof Busy) return 0;
    throw error;
  }
}
