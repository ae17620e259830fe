import type { Document } from "../values/value.ts";
import { type Call, collectionName, type CommandTable, ensureCollection, OK } from "./call.ts";
import { documentsIn } from "./fields.ts";
import { extras, insertInto, once, runStatements, sumOf } from "./statements.ts";
import { prepare, requireBatch, requireValid, statementOf } from "./write-context.ts";
import { remove } from "./deletes.ts";
import { update } from "./updates.ts";

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
