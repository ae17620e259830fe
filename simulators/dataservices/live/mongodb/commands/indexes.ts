import { readCollation } from "../query/collation.ts";
import { compileFilter, PLAIN_CONTEXT } from "../query/match.ts";
import { Rows } from "../server/cursors.ts";
import type { Collection } from "../storage/collection.ts";
import { type Document, isArray, isDocument, numberOf, type Value } from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import { type Call, collectionName, type CommandTable, ensureCollection, OK } from "./call.ts";
import { openCursor } from "./cursors.ts";
import { countIn, documentIn, documentsIn } from "./fields.ts";

const INDEXES_MAX = 64;
const FIELDS_MAX = 32;

/** Options of an index; those that are merely kept only show in `listIndexes`. */
const OPTIONS = new Set([
  "v",
  "key",
  "name",
  "unique",
  "sparse",
  "expireAfterSeconds",
  "partialFilterExpression",
  "collation",
  "hidden",
  "background",
  "ns",
]);

/** @throws ServerError CannotCreateIndex */
function requireKey(key: Value): Document {
  if (!isDocument(key) || Object.keys(key).length === 0)
    throw new ServerError("CannotCreateIndex", "Index keys cannot be an empty object");
  if (Object.keys(key).length > FIELDS_MAX)
    throw new ServerError(13103, `Index key pattern may not have more than ${FIELDS_MAX} fields`);
  for (const [name, way] of Object.entries(key)) {
    if (name === "" || name.split(".").some((part) => part === ""))
      throw new ServerError("CannotCreateIndex", "Index keys cannot contain an empty field name");
    if (name.startsWith("$") || name.includes("$**"))
      throw name.includes("$**")
        ? notSimulated("wildcard indexes")
        : new ServerError(
            "CannotCreateIndex",
            `Index key contains an illegal field name: field name starts with '$': ${name}`,
          );
    if (typeof way === "string" && way !== "hashed")
      throw ["text", "2d", "2dsphere", "wildcard"].includes(way)
        ? notSimulated(`indexes of type ${way}`)
        : new ServerError("CannotCreateIndex", `Unknown index plugin '${way}'`);
    if (typeof way !== "string" && !numberOf(way))
      throw new ServerError("CannotCreateIndex", `Values in v:2 index key pattern cannot be of value ${String(way)}`);
  }
  return key;
}

/** An index as it is stored. @throws ServerError CannotCreateIndex, InvalidOptions */
function indexOf(given: Document, collection: Collection): Document {
  for (const name of Object.keys(given))
    if (!OPTIONS.has(name))
      throw [
        "weights",
        "default_language",
        "language_override",
        "textIndexVersion",
        "bits",
        "min",
        "max",
        "2dsphereIndexVersion",
        "wildcardProjection",
        "storageEngine",
        "clustered",
        "prepareUnique",
      ].includes(name)
        ? notSimulated(`the option ${name} of an index`)
        : new ServerError(
            "InvalidOptions",
            `The field '${name}' is not valid for an index specification. Specification: ${String(given.name)}`,
          );
  const key = requireKey(given.key);
  const { name, partialFilterExpression: partial, expireAfterSeconds, sparse } = given;
  if (typeof name !== "string" || name === "")
    throw new ServerError("FailedToParse", "The 'name' field is a required property of an index specification");
  if (partial !== undefined && !isDocument(partial))
    throw new ServerError("TypeMismatch", "The field 'partialFilterExpression' must be an object");
  if (partial !== undefined && sparse === true)
    throw new ServerError("CannotCreateIndex", 'cannot mix "partialFilterExpression" and "sparse" options');
  if (isDocument(partial)) compileFilter(partial, PLAIN_CONTEXT);
  if (expireAfterSeconds !== undefined) requireExpiry(key, expireAfterSeconds);
  const collation = readCollation(given.collation ?? collection.options.collation);
  const { background: _background, ns: _namespace, collation: _collation, v: _version, ...kept } = given;
  return { v: 2, key, name, ...kept, ...(collation === undefined ? {} : { collation: collation.spec }) };
}

const EXPIRY_SECONDS_MAX = 2_147_483_647;

function requireExpiry(key: Document, given: Value): void {
  const seconds = numberOf(given);
  if (seconds === undefined || seconds < 0 || seconds > EXPIRY_SECONDS_MAX)
    throw new ServerError(
      "CannotCreateIndex",
      "TTL index 'expireAfterSeconds' option must be within an acceptable range, try a lower number",
    );
  if (Object.keys(key).length !== 1 || Object.hasOwn(key, "_id"))
    throw new ServerError(
      "CannotCreateIndex",
      "TTL indexes are single-field indexes, compound indexes do not support TTL",
    );
}

const textOf = (value: Value): string =>
  JSON.stringify(value, (_key, each: unknown) => (typeof each === "bigint" ? String(each) : each)) ?? "";

/** Whether the same index already exists. @throws ServerError IndexOptionsConflict, IndexKeySpecsConflict */
function isThere(collection: Collection, index: Document): boolean {
  for (const { spec } of collection.indexes.values()) {
    const isSameKey =
      textOf(Object.entries(spec.key)) === textOf(Object.entries(isDocument(index.key) ? index.key : {}));
    if (isSameKey && spec.name === "_id_") return true;
    const isSame = isSameKey && textOf(spec.options) === textOf(index);
    if (isSame) return true;
    if (spec.name === index.name)
      throw new ServerError(
        "IndexKeySpecsConflict",
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: ${textOf(index)}, existing index: ${textOf(spec.options)}`,
      );
    if (
      isSameKey &&
      textOf(spec.options.collation ?? null) === textOf(index.collation ?? null) &&
      textOf(spec.options.partialFilterExpression ?? null) === textOf(index.partialFilterExpression ?? null)
    )
      throw new ServerError("IndexOptionsConflict", `Index already exists with a different name: ${spec.name}`);
  }
  return false;
}

function createIndexes(call: Call): Document {
  const { server, body, database } = call;
  const given = documentsIn("createIndexes", body, "indexes");
  if (given.length === 0) throw new ServerError("BadValue", "Must specify at least one index to create");
  const name = collectionName(call);
  const isNew = server.store.catalog.find(database, name) === undefined;
  const collection = ensureCollection(call, database, name);
  const numIndexesBefore = collection.indexes.size;
  const indexes = given.map((each) => indexOf(each, collection));
  for (const index of indexes) {
    if (isThere(collection, index)) continue;
    if (collection.indexes.size >= INDEXES_MAX)
      throw new ServerError("CannotCreateIndex", `add index fails, too many indexes for ${collection.namespace}`);
    server.store.change({ kind: "createIndex", database, collection: name, index });
  }
  const numIndexesAfter = collection.indexes.size;
  return {
    numIndexesBefore,
    numIndexesAfter,
    createdCollectionAutomatically: isNew,
    ...(numIndexesAfter === numIndexesBefore ? { note: "all indexes already exist" } : {}),
    ...OK,
  };
}

function dropIndexes(call: Call): Document {
  const { server, body, database } = call;
  const collection = server.store.catalog.require(database, collectionName(call));
  const nIndexesWas = collection.indexes.size;
  const { index } = body;
  const names =
    index === "*"
      ? [...collection.indexes.keys()].filter((name) => name !== "_id_")
      : (isArray(index) ? index : [index]).map((each) => nameOf(collection, each));
  for (const name of names)
    server.store.change({ kind: "dropIndex", database, collection: collection.name, index: name });
  return { nIndexesWas, ...OK };
}

function nameOf(collection: Collection, wanted: Value): string {
  const found = [...collection.indexes.values()].find(({ spec }) =>
    isDocument(wanted) ? textOf(Object.entries(spec.key)) === textOf(Object.entries(wanted)) : spec.name === wanted,
  );
  if (found === undefined)
    throw new ServerError(
      "IndexNotFound",
      isDocument(wanted)
        ? `can't find index with key: ${textOf(wanted)}`
        : `index not found with name [${String(wanted)}]`,
    );
  if (found.spec.name === "_id_") throw new ServerError("InvalidOptions", "cannot drop _id index");
  return found.spec.name;
}

function listIndexes(call: Call): Document {
  const { server, body, database } = call;
  const name = collectionName(call);
  const collection = server.store.catalog.find(database, name);
  if (collection === undefined) throw new ServerError("NamespaceNotFound", `ns does not exist: ${database}.${name}`);
  if (collection.isView)
    throw new ServerError("CommandNotSupportedOnView", `Namespace ${database}.${name} is a view, not a collection`);
  const rows = [...collection.indexes.values()].map(({ spec }) => spec.options);
  const batchSize = countIn(documentIn(body, "cursor") ?? {}, "batchSize");
  return openCursor(call, `${database}.${name}`, new Rows(rows), { batchSize, isSingle: false });
}

/** Commands of indexes. */
export const INDEX_COMMANDS: CommandTable = {
  createIndexes: {
    action: "define",
    fields: { indexes: "array", commitQuorum: "any", ignoreUnknownIndexOptions: "bool", rawData: "bool" },
    isForTransactions: true,
    run: createIndexes,
  },
  dropIndexes: { action: "define", fields: { index: "any", rawData: "bool" }, run: dropIndexes },
  listIndexes: {
    action: "inspect",
    fields: { cursor: "object", includeIndexBuildInfo: "bool", rawData: "bool" },
    run: listIndexes,
  },
};
