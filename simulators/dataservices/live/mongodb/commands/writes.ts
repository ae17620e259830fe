import { compileMatch } from "../aggregation/pipeline.ts";
import { compileSort } from "../query/sort.ts";
import type { MatchDetails } from "../query/match.ts";
import type { Collection } from "../storage/collection.ts";
import { documentUnder } from "../storage/store.ts";
import type { Transaction } from "../storage/transaction.ts";
import { isIdentical } from "../values/compare.ts";
import { type CompiledUpdate, compileUpdate, seedOf } from "../update/update.ts";
import { type Document, fieldOf, isDocument, numberOf, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import {
  type Call,
  collectionName,
  type CommandTable,
  contextOf,
  ensureCollection,
  inTransaction,
  OK,
  requireHint,
  whenFree,
} from "./call.ts";
import { documentsIn, isOn } from "./fields.ts";
import { search } from "./find.ts";
import {
  doneBefore,
  marksFor,
  prepare,
  remember,
  requireBatch,
  requireSize,
  requireValid,
  statementOf,
  updateContext,
} from "./write-context.ts";

/** Runs one statement, once, however often it is asked for: its changes and its mark are committed together. */
export async function once(
  call: Call,
  statement: number,
  work: (transaction: Transaction) => Document,
): Promise<Document> {
  const before = doneBefore(call, statement);
  if (before !== undefined) return before;
  return whenFree(call, () => {
    let marks: ReturnType<typeof marksFor> = [];
    const result = inTransaction(call, work, (made) => (marks = marksFor(call, statement, made)));
    remember(call, marks);
    return result;
  });
}

/** Runs statements one after another; one that fails ends the rest where they are ordered. */
async function runStatements(
  call: Call,
  count: number,
  run: (at: number) => Promise<Document>,
): Promise<{
  readonly results: readonly (readonly [number, Document])[];
  readonly errors: readonly Document[];
  readonly retried: readonly number[];
}> {
  const results: (readonly [number, Document])[] = [];
  const errors: Document[] = [];
  const retried: number[] = [];
  const isOrdered = call.body.ordered === undefined || isOn(call.body, "ordered");
  for (let at = 0; at < count; at++) {
    try {
      if (doneBefore(call, statementOf(call, at)) !== undefined) retried.push(statementOf(call, at));
      results.push([at, await run(at)]);
    } catch (error) {
      // In a transaction the whole command fails, and the transaction with it.
      if (!(error instanceof ServerError) || call.transaction !== undefined) throw error;
      errors.push(errorAt(at, error));
      if (isOrdered) break;
    }
  }
  return { results, errors, retried };
}

function errorAt(index: number, { code, codeName, message, details }: ServerError): Document {
  const { errorLabels: _labels, ...shown } = details;
  return { index, code, codeName, errmsg: message, ...shown };
}

const extras = (errors: readonly Document[], retried: readonly number[]): Document => ({
  ...(errors.length > 0 ? { writeErrors: errors } : {}),
  ...(retried.length > 0 ? { retriedStmtIds: retried } : {}),
});

const sumOf = (results: readonly (readonly [number, Document])[], name: string): number =>
  results.reduce((total, [, result]) => total + (numberOf(result[name]) ?? 0), 0);

async function insert(call: Call): Promise<Document> {
  const documents = documentsIn("insert", call.body, "documents");
  requireBatch(documents);
  const collection = ensureCollection(call, call.database, collectionName(call));
  const { results, errors, retried } = await runStatements(call, documents.length, (at) => {
    const document = prepare(documents[at] ?? {}, call.server.store.nextTime());
    return once(call, statementOf(call, at), (transaction) => {
      requireValid(call, collection, document);
      insertInto(transaction, collection, document);
      return { n: 1 };
    });
  });
  return { n: sumOf(results, "n"), ...extras(errors, retried), ...OK };
}

/** @throws ServerError DuplicateKey */
export function insertInto(transaction: Transaction, collection: Collection, document: Document): void {
  const id = fieldOf(document, "_id");
  const record = collection.recordOf(id);
  if (record?.pending !== undefined && record.pending.by !== transaction) transaction.meet(record.pending.by);
  const isOvertaken = record?.newest !== undefined && record.newest.at > transaction.snapshot;
  const isTaken =
    !isOvertaken &&
    record !== undefined &&
    (record.pending === undefined ? record.newest?.document : record.pending.document) !== undefined;
  if (isTaken) collection.indexes.get("_id_")?.refuse(collection.namespace, id);
  transaction.put(collection, id, document);
}

/** One statement of an update, read. */
interface Target {
  readonly filter: Document;
  readonly update: CompiledUpdate;
  readonly isUpsert: boolean;
}

/** What one update makes of a document. */
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

/** The document that an upsert makes. */
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

const UPDATE_FIELDS = new Set(["q", "u", "c", "multi", "upsert", "collation", "arrayFilters", "hint", "sort"]);

function requireStatement(statement: Document, allowed: ReadonlySet<string>, name: string): Document {
  for (const field of Object.keys(statement))
    if (!allowed.has(field))
      throw new ServerError("UnknownField", `BSON field '${name}.${field}' is an unknown field.`);
  const { q } = statement;
  if (!isDocument(q)) throw new ServerError("MissingField", `BSON field '${name}.q' is missing but a required field`);
  return q;
}

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
    const [first] = ordered(
      search({ ...call, transaction }, collection, filter, context.pipeline),
      statement.sort,
      call,
      collection,
    );
    if (first === undefined) return insertMissing(call, transaction, collection, target);
    const after = updateOne(call, transaction, collection, first.document, update, first.details);
    return { n: 1, nModified: isIdentical(first.document, after) ? 0 : 1 };
  });
}

function ordered<T extends { readonly document: Document }>(
  found: readonly T[],
  sort: Value,
  call: Call,
  collection: Collection,
): readonly T[] {
  if (!isDocument(sort)) return found;
  const order = compileSort(sort, contextOf(call, collection).texts);
  return found.toSorted((a, b) => order(a.document, b.document));
}

function insertMissing(call: Call, transaction: Transaction, collection: Collection, target: Target): Document {
  if (!target.isUpsert) return { n: 0, nModified: 0 };
  const made = upsert(call, transaction, collection, target);
  return { n: 1, nModified: 0, upserted: { _id: made._id } };
}

/** Each document is a write of its own: others may come in between, and what is done stays done. */
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

/** Works on each document that was found, if it is still there and still fits. */
async function eachStill(
  call: Call,
  collection: Collection,
  found: readonly { readonly document: Document }[],
  filter: Document,
  work: (transaction: Transaction, document: Document, details: MatchDetails) => void,
): Promise<void> {
  const fits = compileMatch(filter, contextOf(call, collection));
  for (const { document } of found)
    await whenFree(call, () =>
      inTransaction(call, (transaction) => {
        const now = documentUnder(collection, document._id, transaction.reader);
        const details: MatchDetails = {};
        if (now !== undefined && (now === document || fits(now, details))) {
          if (now === document) fits(now, details);
          work(transaction, now, details);
        }
      }),
    );
}

async function update(call: Call): Promise<Document> {
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

const DELETE_FIELDS = new Set(["q", "limit", "collation", "hint"]);

async function deleteStatement(
  call: Call,
  collection: Collection | undefined,
  statement: Document,
  at: number,
): Promise<Document> {
  const filter = requireStatement(statement, DELETE_FIELDS, "delete.deletes");
  const limit = numberOf(statement.limit);
  if (limit !== 0 && limit !== 1)
    throw new ServerError("FailedToParse", `The limit field in delete objects must be 0 or 1. Got ${String(limit)}`);
  const context = contextOf(call, collection, statement);
  compileMatch(filter, context);
  if (collection === undefined) return { n: 0 };
  requireHint(collection, statement.hint);
  if (limit === 1)
    return once(call, statementOf(call, at), (transaction) => {
      const [first] = search({ ...call, transaction }, collection, filter, context);
      if (first === undefined) return { n: 0 };
      transaction.put(collection, first.document._id, undefined);
      return { n: 1 };
    });
  let n = 0;
  await eachStill(call, collection, search(call, collection, filter, context), filter, (transaction, document) => {
    transaction.put(collection, document._id, undefined);
    n++;
  });
  return { n };
}

async function remove(call: Call): Promise<Document> {
  const statements = documentsIn("delete", call.body, "deletes");
  requireBatch(statements);
  const collection = call.server.store.catalog.find(call.database, collectionName(call));
  if (collection?.isView)
    throw new ServerError("CommandNotSupportedOnView", `Namespace ${collection.namespace} is a view, not a collection`);
  const { results, errors, retried } = await runStatements(call, statements.length, (at) =>
    deleteStatement(call, collection, statements[at] ?? {}, at),
  );
  return { n: sumOf(results, "n"), ...extras(errors, retried), ...OK };
}

const COMMON = {
  ordered: "bool",
  bypassDocumentValidation: "bool",
  stmtIds: "array",
  let: "object",
  rawData: "bool",
} as const;

/** Commands that change documents. */
export const WRITE_COMMANDS: CommandTable = {
  insert: { action: "write", fields: { documents: "array", ...COMMON }, isForTransactions: true, run: insert },
  update: { action: "write", fields: { updates: "array", ...COMMON }, isForTransactions: true, run: update },
  delete: { action: "write", fields: { deletes: "array", ...COMMON }, isForTransactions: true, run: remove },
};
