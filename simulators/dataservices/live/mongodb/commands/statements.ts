import { compileMatch } from "../aggregation/context.ts";
import type { MatchDetails } from "../query/match.ts";
import type { Collection } from "../storage/collection.ts";
import { documentUnder } from "../storage/store.ts";
import type { Transaction } from "../storage/transaction.ts";
import { type Document, fieldOf, isDocument, numberOf } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { type Call, contextOf, inTransaction, whenFree } from "./call.ts";
import { isOn } from "./fields.ts";
import { doneBefore, marksFor, remember, statementOf } from "./write-context.ts";

/** Runs one statement, once, however often it is sent: its changes and its mark are committed together. */
export async function once(
  call: Call,
  statement: number,
  work: (transaction: Transaction) => Document,
): Promise<Document> {
  const before = doneBefore(call, statement);
  if (before !== undefined) return before;
  const doOnce = (): Promise<Document> =>
    whenFree(call, () => {
      let marks: ReturnType<typeof marksFor> = [];
      const result = inTransaction(call, work, (made) => (marks = marksFor(call, statement, made)));
      remember(call, marks);
      return result;
    });
  return call.isRetryable ? call.server.failPoints.duringWrite(doOnce) : doOnce();
}

/** Runs statements one after another; if they are ordered, one that fails ends the rest. */
export async function runStatements(
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

/** The fields of a reply about errors, and about statements that were done before. */
export const extras = (errors: readonly Document[], retried: readonly number[]): Document => ({
  ...(errors.length > 0 ? { writeErrors: errors } : {}),
  ...(retried.length > 0 ? { retriedStmtIds: retried } : {}),
});

/** The sum of a field over results. */
export const sumOf = (results: readonly (readonly [number, Document])[], name: string): number =>
  results.reduce((total, [, result]) => total + (numberOf(result[name]) ?? 0), 0);

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
  if (isTaken) collection.indexes.get("_id_")?.refuse(collection.namespace, document);
  transaction.put(collection, id, document);
}

/** The filter of a statement. @throws ServerError UnknownField, MissingField */
export function requireStatement(statement: Document, allowed: ReadonlySet<string>, name: string): Document {
  for (const field of Object.keys(statement))
    if (!allowed.has(field))
      throw new ServerError("UnknownField", `BSON field '${name}.${field}' is an unknown field.`);
  const { q } = statement;
  if (!isDocument(q)) throw new ServerError("MissingField", `BSON field '${name}.q' is missing but a required field`);
  return q;
}

/** Works on each document found, if it still exists and still matches. */
export async function eachStill(
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
