import { compileExpression } from "../aggregation/expressions.ts";
import { compileMatch, type PipelineContext } from "../aggregation/context.ts";
import { runPipeline } from "../aggregation/pipeline.ts";
import { scopeOf } from "../aggregation/scope.ts";
import { componentsOf, terminals } from "../query/paths.ts";
import { compileProjection } from "../query/projection.ts";
import { compileSort } from "../query/sort.ts";
import { type MatchDetails } from "../query/match.ts";
import { Rows } from "../server/cursors.ts";
import type { Collection } from "../storage/collection.ts";
import { documentFor } from "../storage/records.ts";
import { byCodePoint, equals } from "../values/compare.ts";
import { keyOf } from "../values/key.ts";
import { type Document, isArray, isDocument, type Value } from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import {
  type Call,
  collectionName,
  type CommandTable,
  contextOf,
  documentsOf,
  filterOf,
  OK,
  readerOf,
  requireHint,
} from "./call.ts";
import { countIn, documentIn, type Fields, isOn, requireText } from "./fields.ts";
import { openCursor } from "./cursors.ts";

/** A matching document, and the position of the match in an array. */
interface Found {
  readonly document: Document;
  readonly details: MatchDetails;
}

/** The documents of a collection that match a filter, in natural order. */
export function search(
  call: Call,
  collection: Collection,
  filter: Document,
  context: PipelineContext,
): readonly Found[] {
  const fits = compileMatch(filter, context);
  const reader = readerOf(call);
  const found: Found[] = [];
  for (const record of collection.candidates(filter, reader)) {
    const document = documentFor(record, reader);
    const details: MatchDetails = {};
    if (document !== undefined && fits(document, details)) found.push({ document, details });
  }
  return found;
}

const FIND_FIELDS: Fields = {
  filter: "object",
  sort: "object",
  projection: "object",
  hint: "any",
  skip: "number",
  limit: "number",
  batchSize: "number",
  singleBatch: "bool",
  min: "object",
  max: "object",
  returnKey: "bool",
  showRecordId: "bool",
  tailable: "bool",
  oplogReplay: "bool",
  noCursorTimeout: "bool",
  awaitData: "bool",
  allowPartialResults: "bool",
  allowDiskUse: "bool",
  collation: "object",
  let: "object",
  rawData: "bool",
};

function refuseAbsent({ body }: Call): void {
  if (isOn(body, "tailable"))
    throw new ServerError("BadValue", "error processing query: tailable cursor requested on non capped collection");
  if (isOn(body, "awaitData"))
    throw new ServerError("FailedToParse", "Cannot set 'awaitData' without also setting 'tailable'");
  for (const name of ["min", "max", "returnKey", "showRecordId"])
    if (isDocument(body[name]) || isOn(body, name)) throw notSimulated(`the option ${name} of find`);
}

/** A negative limit is a single batch. */
function limitsOf(body: Document): { readonly skip: number; readonly limit: number } {
  const limit = countIn(body, "limit") ?? 0;
  return { skip: countIn(body, "skip") ?? 0, limit: limit === 0 ? Number.POSITIVE_INFINITY : limit };
}

/** The documents of `find`, in its order and shape. */
export function findDocuments(call: Call): readonly Document[] {
  const { body, server, database } = call;
  refuseAbsent(call);
  const name = collectionName(call);
  const collection = server.store.catalog.find(database, name);
  const context = contextOf(call, collection);
  requireHint(collection, body.hint);
  const filter = documentIn(body, "filter") ?? {};
  const found = collection?.isView
    ? matchAll(documentsOf(call, name), filter, context)
    : collection === undefined
      ? matchAll([], filter, context)
      : search(call, collection, filter, context);
  const sort = documentIn(body, "sort") ?? {};
  const order = Object.keys(sort).length === 0 || isNatural(sort) ? undefined : compileSort(sort, context.texts);
  const natural = isNatural(sort) && Number(sort.$natural) === -1 ? found.toReversed() : found;
  const sorted = order === undefined ? natural : natural.toSorted((a, b) => order(a.document, b.document));
  const { skip, limit } = limitsOf(body);
  return shape(sorted.slice(skip, skip + limit), documentIn(body, "projection"), context);
}

const isNatural = (sort: Document): boolean => Object.hasOwn(sort, "$natural");

function matchAll(documents: readonly Document[], filter: Document, context: PipelineContext): readonly Found[] {
  const fits = compileMatch(filter, context);
  return documents.filter((document) => fits(document)).map((document) => ({ document, details: {} }));
}

function shape(
  found: readonly Found[],
  projection: Document | undefined,
  context: PipelineContext,
): readonly Document[] {
  if (projection === undefined || Object.keys(projection).length === 0) return found.map(({ document }) => document);
  const project = compileProjection(projection, {
    filter: filterOf(context),
    compile: compileExpression,
    isFind: true,
  });
  return found.map(({ document, details }) => project(document, scopeOf(document, context.variables), details));
}

function find(call: Call): Document {
  const documents = findDocuments(call);
  const { body } = call;
  const isSingle = isOn(body, "singleBatch");
  return openCursor(call, `${call.database}.${collectionName(call)}`, new Rows(documents), {
    batchSize: countIn(body, "batchSize"),
    isSingle,
  });
}

/** The documents that match a query of `count` or `distinct`. */
function queryDocuments(call: Call, filter: Document): readonly Document[] {
  const name = collectionName(call);
  const collection = call.server.store.catalog.find(call.database, name);
  requireHint(collection, call.body.hint);
  const context = contextOf(call, collection);
  if (collection !== undefined && !collection.isView)
    return search(call, collection, filter, context).map(({ document }) => document);
  return runPipeline([{ $match: filter }], documentsOf(call, name), context);
}

function count(call: Call): Document {
  const { skip, limit } = limitsOf({ ...call.body, limit: Math.abs(Number(call.body.limit ?? 0)) });
  const all = queryDocuments(call, documentIn(call.body, "query") ?? {}).length;
  return { n: Math.min(Math.max(0, all - skip), limit), ...OK };
}

function distinct(call: Call): Document {
  const path = componentsOf(requireText("distinct", call.body, "key"));
  const collection = call.server.store.catalog.find(call.database, collectionName(call));
  const { texts } = contextOf(call, collection);
  const values = new Map<string, Value>();
  for (const document of queryDocuments(call, documentIn(call.body, "query") ?? {}))
    for (const { value } of terminals(document, path))
      for (const each of isArray(value) ? value : [value])
        if (each !== undefined) values.set(keyOf(each), values.get(keyOf(each)) ?? each);
  const all = [...values.values()];
  // A collation may treat different texts as equal.
  const distinctValues =
    texts === byCodePoint ? all : all.filter((value, at) => all.findIndex((each) => equals(each, value, texts)) === at);
  return { values: distinctValues, ...OK };
}

/** Commands that read documents. */
export const FIND_COMMANDS: CommandTable = {
  find: { action: "find", fields: FIND_FIELDS, isForTransactions: true, run: find },
  count: {
    action: "find",
    fields: {
      query: "object",
      limit: "number",
      skip: "number",
      hint: "any",
      collation: "object",
      fields: "any",
      rawData: "bool",
    },
    run: count,
  },
  distinct: {
    action: "find",
    fields: { key: "string", query: "object", collation: "object", hint: "any", rawData: "bool" },
    isForTransactions: true,
    run: distinct,
  },
};
