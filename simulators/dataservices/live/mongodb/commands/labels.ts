import type { Document } from "../values/value.ts";
import type { Request } from "../wire/message.ts";

/*
 * The labels by which drivers decide how to handle an error. The server sets them by the code and the context
 * of the command (`src/mongo/db/error_labels.cpp`).
 */
/** The node is no longer the primary, or not reachable: the command may be sent to another. */
const RETRYABLE = [6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436];
/** The transaction can be tried again as a whole: LockTimeout, WriteConflict, SnapshotUnavailable, NoSuchTransaction, PreparedTransactionInProgress. */
const TRANSIENT = [24, 112, 246, 251, 267];
/** A change stream can be resumed elsewhere. */
const RESUMABLE = [...RETRYABLE, 63, 133, 150, 234, 13388];
const NOT_RESUMABLE = [280, 286];

const ENDING = new Set(["commitTransaction", "abortTransaction"]);

/** The labels of an error with this code, in reply to this command. */
export function labelsOf(code: number, name: string, { body }: Pick<Request, "body">): Document {
  const isInTransaction = body.autocommit === false && body.txnNumber !== undefined;
  const isRetryableWrite = body.txnNumber !== undefined && (body.autocommit === undefined || ENDING.has(name));
  const labels = [
    isInTransaction &&
      (TRANSIENT.includes(code) || (RETRYABLE.includes(code) && !ENDING.has(name))) &&
      "TransientTransactionError",
    isRetryableWrite && RETRYABLE.includes(code) && "RetryableWriteError",
    name === "getMore" && RESUMABLE.includes(code) && "ResumableChangeStreamError",
    NOT_RESUMABLE.includes(code) && "NonResumableChangeStreamError",
  ].filter((label) => label !== false);
  return labels.length === 0 ? {} : { errorLabels: labels };
}
