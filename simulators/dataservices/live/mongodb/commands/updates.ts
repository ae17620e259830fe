import { compileMatch } from "../aggregation/context.ts";
import type { MatchDetails } from "../query/match.ts";
import type { Collection } from "../storage/collection.ts";
import type { Transaction } from "../storage/transaction.ts";
import { type CompiledUpdate, compileUpdate, seedOf } from "../update/update.ts";
import { isIdentical } from "../values/compare.ts";
import { type Document, isDocument } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import {
  type Call,
  collectionName,
  contextOf,
  ensureCollection,
  inTransaction,
  OK,
  requireHint,
  whenFree,
} from "./call.ts";
import { documentsIn, isOn } from "./fields.ts";
import { search } from "./find.ts";
import { eachStill, extras, insertInto, once, requireStatement, runStatements, sumOf } from "./statements.ts";
import { prepare, requireBatch, requireSize, requireValid, statementOf, updateContext } from "./write-context.ts";

/** One parsed statement of an update. */
interface Target {
  readonly filter: Document;
  readonly update: CompiledUpdate;
  readonly isUpsert: boolean;
}

/** The result of one update of a document. */
export function updateOne(
  call: Call,
  transaction: Transaction,
  collection: Collection,
  before: Document,
  update: CompiledUpdate,
  details: MatchDetails,
): Document {
  const after = requireSize(update.apply(before, details.index, false));
  if (!isIdentical(before, after)) {
    requireValid(call, collection, after, before);
    transaction.put(collection, before._id, after, update.isReplacement);
  }
  return after;
}

/** The document that an upsert creates. */
export function upsert(
  call: Call,
  transaction: Transaction,
  collection: Collection,
  { filter, update }: Target,
): Document {
  const made = prepare(update.apply(seedOf(filter), undefined, true), call.server.store.nextTime());
  requireValid(call, collection, made);
  insertInto(transaction, collection, made);
  return made;
}

const UPDATE_FIELDS = new Set(["q", "u", "c", "multi", "upsert", "collation", "arrayFilters", "hint"]);

async function updateStatement(call: Call, collection: Collection, statement: Document, at: number): Promise<Document> {
  const filter = requireStatement(statement, UPDATE_FIELDS, "update.updates");
  requireHint(collection, statement.hint);
  const context = updateContext(call, collection, statement);
  const update = compileUpdate(statement.u, context);
  const isMulti = isOn(statement, "multi");
  if (isMulti && update.isReplacement)
    throw new ServerError("FailedToParse", "multi update is not supported for replacement-style update");
  const target = { filter, update, isUpsert: isOn(statement, "upsert") };
  if (isMulti) return updateMany(call, collection, target, statement);
  return once(call, statementOf(call, at), (transaction) => {
    const [first] = search({ ...call, transaction }, collection, filter, context.pipeline);
    if (first === undefined) return insertMissing(call, transaction, collection, target);
    const after = updateOne(call, transaction, collection, first.document, update, first.details);
    return { n: 1, nModified: isIdentical(first.document, after) ? 0 : 1 };
  });
}

function insertMissing(call: Call, transaction: Transaction, collection: Collection, target: Target): Document {
  if (!target.isUpsert) return { n: 0, nModified: 0 };
  const made = upsert(call, transaction, collection, target);
  return { n: 1, nModified: 0, upserted: { _id: made._id } };
}

/** Each document is a separate write: others may come in between, and completed writes are not undone. */
async function updateMany(call: Call, collection: Collection, target: Target, statement: Document): Promise<Document> {
  const context = contextOf(call, collection, statement);
  const found = search(call, collection, target.filter, context);
  if (found.length === 0)
    return whenFree(call, () =>
      inTransaction(call, (transaction) => insertMissing(call, transaction, collection, target)),
    );
  let [n, nModified] = [0, 0];
  await eachStill(call, collection, found, target.filter, (transaction, document, details) => {
    n++;
    if (!isIdentical(document, updateOne(call, transaction, collection, document, target.update, details))) nModified++;
  });
  return { n, nModified };
}

/** The command `update`. */
export async function update(call: Call): Promise<Document> {
  const statements = documentsIn("update", call.body, "updates");
  requireBatch(statements);
  const name = collectionName(call);
  const isMaking = statements.some((each) => isOn(each, "upsert"));
  const there = call.server.store.catalog.find(call.database, name);
  const collection = there !== undefined || isMaking ? ensureCollection(call, call.database, name) : undefined;
  const { results, errors, retried } = await runStatements(call, statements.length, async (at) => {
    const statement = statements[at] ?? {};
    if (collection !== undefined) return updateStatement(call, collection, statement, at);
    compileMatch(requireStatement(statement, UPDATE_FIELDS, "update.updates"), contextOf(call, undefined, statement));
    compileUpdate(statement.u, updateContext(call, undefined, statement));
    return { n: 0, nModified: 0 };
  });
  const upserted = results.flatMap(([index, result]) =>
    isDocument(result.upserted) ? [{ index, ...result.upserted }] : [],
  );
  return {
    n: sumOf(results, "n"),
    nModified: sumOf(results, "nModified"),
    ...(upserted.length > 0 ? { upserted } : {}),
    ...extras(errors, retried),
    ...OK,
  };
}
