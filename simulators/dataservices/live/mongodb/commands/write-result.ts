import { runPipeline } from "../aggregation/pipeline.ts";
import { resolve } from "../aggregation/scope.ts";
import { compileExpression } from "../aggregation/expressions.ts";
import { scopeOf } from "../aggregation/scope.ts";
import { type Collection, requireName } from "../storage/collection.ts";
import type { Index } from "../storage/index.ts";
import type { Transaction } from "../storage/transaction.ts";
import { equals } from "../values/compare.ts";
import { type Document, isArray, isDocument, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { type Call, contextOf, ensureCollection, inTransaction, whenFree } from "./call.ts";
import { prepare, requireSize, requireValid } from "./write-context.ts";
import { insertInto } from "./statements.ts";

/** Where a pipeline writes its result. */
export function targetOf(operand: Value, database: string): { readonly database: string; readonly collection: string } {
  const into = isDocument(operand) && Object.hasOwn(operand, "into") ? operand.into : operand;
  if (typeof into === "string") return { database, collection: requireName(into, "collection") };
  const { db, coll } = isDocument(into) ? into : {};
  return {
    database: db === undefined ? database : requireName(db, "database"),
    collection: requireName(coll, "collection"),
  };
}

/** Carries out `$out` or `$merge` with the documents of the stages before. */
export async function writeResult(
  call: Call,
  stage: string,
  operand: Value,
  documents: () => readonly Document[],
): Promise<void> {
  const target = targetOf(operand, call.database);
  if (stage === "$out") return replaceAll(call, target, documents());
  const spec: Document = isDocument(operand) && Object.hasOwn(operand, "into") ? operand : {};
  const merge = mergerOf(call, spec);
  const rows = documents();
  const collection = ensureCollection(call, target.database, target.collection);
  requireUniqueOn(collection, merge.on);
  for (const row of rows)
    await whenFree(call, () => inTransaction(call, (transaction) => merge.one(transaction, collection, row)));
}

/** Replaces all documents at once. */
async function replaceAll(call: Call, target: ReturnType<typeof targetOf>, rows: readonly Document[]): Promise<void> {
  const collection = ensureCollection(call, target.database, target.collection);
  const made = rows.map((row) => prepare(row, call.server.store.nextTime()));
  await whenFree(call, () =>
    inTransaction(call, (transaction) => {
      for (const document of collection.documents(transaction.reader))
        transaction.put(collection, document._id, undefined);
      for (const document of made) {
        requireValid(call, collection, document);
        insertInto(transaction, collection, document);
      }
    }),
  );
}

interface Merger {
  readonly on: readonly string[];
  readonly one: (transaction: Transaction, collection: Collection, row: Document) => void;
}

const MATCHED = new Set(["merge", "replace", "keepExisting", "fail"]);
const NOT_MATCHED = new Set(["insert", "discard", "fail"]);

function mergerOf(call: Call, spec: Document): Merger {
  const { on = "_id", whenMatched = "merge", whenNotMatched = "insert", let: bound } = spec;
  const fields = (isArray(on) ? on : [on]).map(String);
  if (!isArray(whenMatched) && !MATCHED.has(String(whenMatched)))
    throw new ServerError(
      "BadValue",
      `Enumeration value '${String(whenMatched)}' for field 'whenMatched' is not a valid value.`,
    );
  if (!NOT_MATCHED.has(String(whenNotMatched)))
    throw new ServerError(
      "BadValue",
      `Enumeration value '${String(whenNotMatched)}' for field 'whenNotMatched' is not a valid value.`,
    );
  const one = (transaction: Transaction, collection: Collection, row: Document): void => {
    const there = matchOf(collection, transaction, fields, row);
    if (there === undefined) return insertRow(call, transaction, collection, row, String(whenNotMatched));
    if (whenMatched === "fail") uniqueOn(collection, fields)?.refuse(collection.namespace, there);
    const after = combine(call, there, row, whenMatched, bound);
    if (!equals(after._id, there._id))
      throw new ServerError(
        "ImmutableField",
        "$merge failed to update the matching document, did you attempt to modify the _id or the shard key?",
      );
    requireValid(call, collection, after, there);
    transaction.put(collection, there._id, requireSize(after), true);
  };
  return { on: fields, one };
}

function matchOf(
  collection: Collection,
  transaction: Transaction,
  fields: readonly string[],
  row: Document,
): Document | undefined {
  const wanted = fields.map((field) => resolve(row, field.split(".")));
  const fits = (document: Document): boolean =>
    fields.every((field, at) => equals(resolve(document, field.split(".")), wanted[at]));
  return collection.documents(transaction.reader).find(fits);
}

function insertRow(
  call: Call,
  transaction: Transaction,
  collection: Collection,
  row: Document,
  whenNotMatched: string,
): void {
  if (whenNotMatched === "fail")
    throw new ServerError(
      13113,
      "$merge could not find a matching document in the target collection for at least one document in the source collection",
    );
  if (whenNotMatched === "discard") return;
  const document = prepare(row, call.server.store.nextTime());
  requireValid(call, collection, document);
  insertInto(transaction, collection, document);
}

function combine(call: Call, there: Document, row: Document, whenMatched: Value, bound: Value): Document {
  if (whenMatched === "keepExisting") return there;
  if (whenMatched === "replace") return { _id: there._id, ...row };
  if (!isArray(whenMatched)) return { ...there, ...row };
  const context = contextOf(call, undefined);
  const scope = scopeOf(row, context.variables);
  const own = Object.entries(isDocument(bound) ? bound : { new: "$$ROOT" }).map(
    ([name, value]) => [name, compileExpression(value)(scope)] as const,
  );
  const [made = there] = runPipeline(whenMatched, [there], {
    ...context,
    variables: { ...context.variables, ...Object.fromEntries(own) },
  });
  return made;
}

/** @throws ServerError 51190 if no unique index has these fields */
function requireUniqueOn(collection: Collection, fields: readonly string[]): void {
  if (uniqueOn(collection, fields) === undefined)
    throw new ServerError(51190, "Cannot find index to verify that join fields will be unique");
}

/** The unique index with exactly these fields. */
function uniqueOn(collection: Collection, fields: readonly string[]): Index | undefined {
  const wanted = fields.toSorted().join();
  return [...collection.indexes.values()].find(
    ({ spec, fields: own }) => spec.unique && own.toSorted().join() === wanted,
  );
}
