import { ObjectId, Timestamp } from "bson";
import { BSONRegExp } from "bson";
import { sizeOf } from "../server/cursors.ts";
import { resultOf } from "../server/sessions.ts";
import type { Collection } from "../storage/collection.ts";
import type { WriteMark } from "../storage/operations.ts";
import type { UpdateContext } from "../update/update.ts";
import { type Document, isArray, isDocument, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { type Call, contextOf, filterOf } from "./call.ts";
import { DOCUMENT_BYTES_MAX, WRITE_BATCH_MAX } from "./hello.ts";
import { isOn } from "./fields.ts";

/** @throws ServerError InvalidLength */
export function requireBatch(statements: readonly unknown[]): void {
  if (statements.length > 0 && statements.length <= WRITE_BATCH_MAX) return;
  throw new ServerError(
    "InvalidLength",
    `Write batch sizes must be between 1 and ${WRITE_BATCH_MAX}. Got ${statements.length} operations.`,
  );
}

/** A document as it is stored: with an `_id`, which comes first. @throws ServerError InvalidIdField, BSONObjectTooLarge */
export function prepare(document: Document, time: Timestamp): Document {
  const { _id = new ObjectId(), ...rest } = document;
  if (isArray(_id) || _id instanceof BSONRegExp)
    throw new ServerError("InvalidIdField", `The '_id' value cannot be of type ${isArray(_id) ? "array" : "regex"}`);
  if (isDocument(_id) && Object.keys(_id).some((name) => name.startsWith("$")))
    throw new ServerError(
      "DollarPrefixedFieldName",
      `_id fields may not contain '$'-prefixed fields: ${Object.keys(_id)[0]} is not valid for storage.`,
    );
  const filled = Object.entries(rest).map(([name, value]) => [name, isUnset(value) ? time : value] as const);
  return requireSize({ _id, ...Object.fromEntries(filled) });
}

/** A timestamp of zero is replaced with the server's own. */
const isUnset = (value: Value): boolean => value instanceof Timestamp && value.isZero();

/** @throws ServerError BSONObjectTooLarge */
export function requireSize(document: Document): Document {
  if (sizeOf(document) <= DOCUMENT_BYTES_MAX) return document;
  throw new ServerError(
    "BSONObjectTooLarge",
    `object to insert too large. size in bytes: ${sizeOf(document)}, max size: ${DOCUMENT_BYTES_MAX}`,
  );
}

/** @throws ServerError DocumentValidationFailure */
export function requireValid({ body }: Call, collection: Collection, document: Document, before?: Document): void {
  const { validationAction, validationLevel } = collection.options;
  if (isOn(body, "bypassDocumentValidation") || validationAction === "warn" || validationLevel === "off") return;
  if (collection.isValid(document)) return;
  if (validationLevel === "moderate" && before !== undefined && !collection.isValid(before)) return;
  throw new ServerError("DocumentValidationFailure", "Document failed validation", {
    errInfo: {
      failingDocumentId: document._id,
      details: { operatorName: "validator", reason: "the document does not fit the collection's validator" },
    },
  });
}

/** The context in which an update of the call is compiled. */
export function updateContext(call: Call, collection: Collection | undefined, statement: Document): UpdateContext {
  const pipeline = contextOf(call, collection, statement);
  const { c } = statement;
  const constants = typeof c === "object" && c !== null && !isArray(c) ? Object.entries(c) : [];
  const variables = { ...pipeline.variables, ...Object.fromEntries(constants) };
  return {
    filter: filterOf({ ...pipeline, variables }),
    pipeline: { ...pipeline, variables },
    arrayFilters: statement.arrayFilters,
    now: new Date(call.server.now),
    time: call.server.store.nextTime(),
  };
}

/** The current statement of a retryable write. */
export const statementOf = ({ body }: Call, at: number): number => {
  const { stmtIds, stmtId } = body;
  const given = isArray(stmtIds) ? stmtIds[at] : undefined;
  return typeof given === "number" ? given : (typeof stmtId === "number" ? stmtId : 0) + at;
};

/** The earlier result of a statement that was done before; undefined if it is new. */
export function doneBefore({ session, isRetryable }: Call, statement: number): Document | undefined {
  return isRetryable ? resultOf(session, statement) : undefined;
}

/** The mark that a statement leaves; it is remembered once the statement is committed. */
export function marksFor({ session, isRetryable }: Call, statement: number, result: Document): readonly WriteMark[] {
  if (!isRetryable || session === undefined) return [];
  return [{ session: session.id, number: session.number, statement, result }];
}

/** Remembers that a statement is done. */
export function remember(call: Call, marks: readonly WriteMark[]): void {
  for (const mark of marks) call.session?.marks.set(mark.statement, mark);
}
