import { Timestamp } from "bson";
import type { Operation } from "../storage/operations.ts";
import { describeUpdate } from "../update/describe.ts";
import { type Document, isDocument, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";

/** A position in the oplog: a time, and how many operations of its entry are done. */
export interface Place {
  readonly time: Timestamp;
  readonly done: number;
}

/** All operations of an entry are done. */
export const ALL = 0xffff;

/** A token encodes the position as hexadecimal digits, which sort as positions do. */
export const tokenOf = ({ time, done }: Place): Document => ({
  _data: `${time.toBigInt().toString(16).padStart(16, "0")}${done.toString(16).padStart(4, "0")}`,
});

/** @throws ServerError InvalidResumeToken */
export function placeOf(token: Value): Place {
  const { _data: data } = isDocument(token) ? token : {};
  if (typeof data !== "string" || !/^[0-9a-f]{20}$/.test(data))
    throw new ServerError("InvalidResumeToken", "the resume token is not one of this server");
  return { time: new Timestamp(BigInt(`0x${data.slice(0, 16)}`)), done: Number.parseInt(data.slice(16), 16) };
}

/** The refusal for an image that was not kept. */
export const noImage = (): ServerError =>
  new ServerError(47, "Change stream was configured to require a pre- or post-image, but it was not found");

/** An operation as a stream reports it; undefined if it is not reported. */
export function eventOf(operation: Operation): Document | undefined {
  const { database } = operation;
  switch (operation.kind) {
    case "insert":
    case "replace":
      return {
        operationType: operation.kind,
        fullDocument: operation.document,
        ns: { db: database, coll: operation.collection },
        documentKey: { _id: operation.id },
      };
    case "update":
      return {
        operationType: "update",
        ns: { db: database, coll: operation.collection },
        documentKey: { _id: operation.id },
        updateDescription: describeUpdate(operation.before ?? {}, operation.document ?? {}),
      };
    case "delete":
      return {
        operationType: "delete",
        ns: { db: database, coll: operation.collection },
        documentKey: { _id: operation.id },
      };
    case "drop":
      return { operationType: "drop", ns: { db: database, coll: operation.collection } };
    case "rename":
      return {
        operationType: "rename",
        ns: { db: database, coll: operation.collection },
        to: { db: operation.to.database, coll: operation.to.collection },
      };
    case "dropDatabase":
      return { operationType: "dropDatabase", ns: { db: database } };
    default:
      return undefined;
  }
}
