import { numberOf, type Document, isDocument } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { Collection } from "./collection.ts";
import type { IndexSpec } from "./index-keys.ts";
import type { CatalogOperation } from "./operations.ts";

/** The databases with their collections, and the users that clients have created. */
export class Catalog {
  readonly #databases = new Map<string, Map<string, Collection>>();
  /** By database and name, `app.alice`. */
  readonly users = new Map<string, Document>();

  get databases(): readonly string[] {
    return [...this.#databases.keys()].sort();
  }

  collections(database: string): readonly Collection[] {
    return [...(this.#databases.get(database)?.values() ?? [])];
  }

  find(database: string, name: string): Collection | undefined {
    return this.#databases.get(database)?.get(name);
  }

  /** @throws ServerError NamespaceNotFound */
  require(database: string, name: string): Collection {
    const collection = this.find(database, name);
    if (collection === undefined) throw new ServerError("NamespaceNotFound", "ns not found");
    return collection;
  }

  /** Removes everything. */
  clear(): void {
    this.#databases.clear();
    this.users.clear();
  }

  /** Carries out an operation that was checked before. */
  apply(operation: CatalogOperation): void {
    const { database } = operation;
    switch (operation.kind) {
      case "create":
        return this.#put(new Collection(database, operation.collection, operation.uuid, operation.options));
      case "drop":
        return this.#remove(database, operation.collection);
      case "dropDatabase":
        this.#databases.delete(database);
        return;
      case "rename":
        return this.#rename(this.require(database, operation.collection), operation.to);
      case "modify":
        return this.require(database, operation.collection).reconfigure(operation.options);
      case "createIndex":
        return this.require(database, operation.collection).addIndex(specOf(operation.index));
      case "dropIndex":
        this.require(database, operation.collection).indexes.delete(operation.index);
        return;
      case "putUser":
        this.users.set(`${database}.${operation.user}`, operation.record);
        return;
      case "dropUser":
        this.users.delete(`${database}.${operation.user}`);
    }
  }

  #put(collection: Collection): void {
    const there = this.#databases.get(collection.database);
    if (there === undefined) this.#databases.set(collection.database, new Map([[collection.name, collection]]));
    else there.set(collection.name, collection);
  }

  #remove(database: string, name: string): void {
    const there = this.#databases.get(database);
    there?.delete(name);
    if (there?.size === 0) this.#databases.delete(database);
  }

  #rename(from: Collection, to: Document): void {
    const { database, collection } = to;
    const renamed = new Collection(String(database), String(collection), from.uuid, from.options);
    for (const [key, record] of from.records) renamed.records.set(key, record);
    for (const [name, index] of from.indexes) renamed.indexes.set(name, index);
    renamed.changedAt = from.changedAt;
    this.#remove(from.database, from.name);
    this.#put(renamed);
  }
}

/** An index as its document describes it; the caller has checked that it can be created. */
function specOf(options: Document): IndexSpec {
  const { name, key, unique, sparse, expireAfterSeconds } = options;
  if (typeof name !== "string" || !isDocument(key))
    throw new ServerError("InternalError", "an index has neither name nor key");
  return {
    name,
    key,
    unique: unique === true || numberOf(unique) === 1,
    sparse: sparse === true || numberOf(sparse) === 1,
    expireAfterSeconds: numberOf(expireAfterSeconds),
    options,
  };
}
