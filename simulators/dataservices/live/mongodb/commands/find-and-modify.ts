import { compileExpression } from "../aggregation/expressions.ts";
import { compileMatch } from "../aggregation/context.ts";
import { scopeOf } from "../aggregation/scope.ts";
import { compileProjection } from "../query/projection.ts";
import { compileSort } from "../query/sort.ts";
import type { Collection } from "../storage/collection.ts";
import type { Transaction } from "../storage/transaction.ts";
import { type CompiledUpdate, compileUpdate } from "../update/update.ts";
import { type Document, isArray, isDocument } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import {
  type Call,
  collectionName,
  type CommandTable,
  contextOf,
  ensureCollection,
  filterOf,
  OK,
  requireHint,
} from "./call.ts";
import { documentIn, type Fields, isOn } from "./fields.ts";
import { search } from "./find.ts";
import { doneBefore, statementOf, updateContext } from "./write-context.ts";
import { once } from "./statements.ts";
import { updateOne, upsert } from "./updates.ts";

const FIELDS: Fields = {
  query: "object",
  sort: "object",
  remove: "bool",
  update: "any",
  new: "bool",
  fields: "object",
  upsert: "bool",
  bypassDocumentValidation: "bool",
  arrayFilters: "array",
  collation: "object",
  hint: "any",
  let: "object",
  rawData: "bool",
};

function requireSense({ body }: Call): void {
  const [isRemoving, isUpserting] = [isOn(body, "remove"), isOn(body, "upsert")];
  const { update } = body;
  if (isRemoving && update !== undefined)
    throw new ServerError("FailedToParse", "Cannot specify both an update and remove=true");
  if (isRemoving && isUpserting)
    throw new ServerError("FailedToParse", "Cannot specify both upsert=true and remove=true");
  if (isRemoving && isOn(body, "new"))
    throw new ServerError(
      "FailedToParse",
      "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
    );
  if (!isRemoving && !isDocument(update) && !isArray(update))
    throw new ServerError("FailedToParse", "Either an update or remove=true must be specified");
}

function shapeOf(call: Call, collection: Collection | undefined): (document: Document) => Document {
  const fields = documentIn(call.body, "fields");
  if (fields === undefined || Object.keys(fields).length === 0) return (document) => document;
  const context = contextOf(call, collection);
  const project = compileProjection(fields, { filter: filterOf(context), compile: compileExpression, isFind: true });
  // The positional operator needs the position at which the filter matches.
  const fits = compileMatch(documentIn(call.body, "query") ?? {}, context);
  return (document) => {
    const details = {};
    fits(document, details);
    return project(document, scopeOf(document, context.variables), details);
  };
}

function firstOf(call: Call, transaction: Transaction, collection: Collection) {
  const context = contextOf(call, collection);
  const found = search({ ...call, transaction }, collection, documentIn(call.body, "query") ?? {}, context);
  const sort = documentIn(call.body, "sort");
  if (sort === undefined || Object.keys(sort).length === 0) return found[0];
  const order = compileSort(sort, context.texts);
  return found.toSorted((a, b) => order(a.document, b.document))[0];
}

function modify(
  call: Call,
  transaction: Transaction,
  collection: Collection,
  update: CompiledUpdate | undefined,
): Document {
  const { body } = call;
  const shape = shapeOf(call, collection);
  const first = firstOf(call, transaction, collection);
  if (update === undefined) {
    if (first === undefined) return { lastErrorObject: { n: 0 }, value: null };
    transaction.put(collection, first.document._id, undefined);
    return { lastErrorObject: { n: 1 }, value: shape(first.document) };
  }
  if (first !== undefined) {
    const after = updateOne(call, transaction, collection, first.document, update, first.details);
    return {
      lastErrorObject: { n: 1, updatedExisting: true },
      value: shape(isOn(body, "new") ? after : first.document),
    };
  }
  if (!isOn(body, "upsert")) return { lastErrorObject: { n: 0, updatedExisting: false }, value: null };
  const made = upsert(call, transaction, collection, {
    filter: documentIn(body, "query") ?? {},
    update,
    isUpsert: true,
  });
  return {
    lastErrorObject: { n: 1, updatedExisting: false, upserted: made._id },
    value: isOn(body, "new") ? shape(made) : null,
  };
}

async function findAndModify(call: Call): Promise<Document> {
  requireSense(call);
  const { body, server, database } = call;
  const name = collectionName(call);
  const there = server.store.catalog.find(database, name);
  const collection = isOn(body, "upsert") || there !== undefined ? ensureCollection(call, database, name) : undefined;
  const update = isOn(body, "remove") ? undefined : compileUpdate(body.update, updateContext(call, collection, body));
  requireHint(collection, body.hint);
  const isRetry = doneBefore(call, statementOf(call, 0)) !== undefined;
  const result =
    collection === undefined
      ? { lastErrorObject: update === undefined ? { n: 0 } : { n: 0, updatedExisting: false }, value: null }
      : await once(call, statementOf(call, 0), (transaction) => modify(call, transaction, collection, update));
  return { ...result, ...(isRetry ? { retriedStmtId: statementOf(call, 0) } : {}), ...OK };
}

/** The command that changes one document and returns it. */
export const FIND_AND_MODIFY_COMMANDS: CommandTable = {
  findAndModify: { action: "write", fields: FIELDS, isForTransactions: true, run: findAndModify },
  findandmodify: { action: "write", fields: FIELDS, isForTransactions: true, run: findAndModify },
};
