import { compileMatch } from "../aggregation/context.ts";
import type { Collection } from "../storage/collection.ts";
import { type Document, numberOf } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { type Call, collectionName, contextOf, OK, requireHint } from "./call.ts";
import { documentsIn } from "./fields.ts";
import { search } from "./find.ts";
import { eachStill, extras, once, requireStatement, runStatements, sumOf } from "./statements.ts";
import { requireBatch, statementOf } from "./write-context.ts";

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

/** The command `delete`. */
export async function remove(call: Call): Promise<Document> {
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
