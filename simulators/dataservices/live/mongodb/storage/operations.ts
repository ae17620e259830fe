import { Timestamp } from "bson";
import { type Document, fieldOf, isArray, isDocument, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";

/** A change of one document. */
export interface DocumentOperation {
  readonly kind: "insert" | "update" | "replace" | "delete";
  readonly database: string;
  readonly collection: string;
  readonly id: Value;
  /** The new document; undefined after a deletion. */
  readonly document: Document | undefined;
  /** The previous document; undefined before an insertion, and if the entry was read from a log. */
  readonly before: Document | undefined;
}

/** A change of the catalog. */
export type CatalogOperation =
  | {
      readonly kind: "create";
      readonly database: string;
      readonly collection: string;
      readonly uuid: string;
      readonly options: Document;
    }
  | { readonly kind: "drop"; readonly database: string; readonly collection: string }
  | { readonly kind: "dropDatabase"; readonly database: string }
  | { readonly kind: "rename"; readonly database: string; readonly collection: string; readonly to: Document }
  | { readonly kind: "modify"; readonly database: string; readonly collection: string; readonly options: Document }
  | { readonly kind: "createIndex"; readonly database: string; readonly collection: string; readonly index: Document }
  | { readonly kind: "dropIndex"; readonly database: string; readonly collection: string; readonly index: string }
  | { readonly kind: "putUser"; readonly database: string; readonly user: string; readonly record: Document }
  | { readonly kind: "dropUser"; readonly database: string; readonly user: string };

/** One change. */
export type Operation = DocumentOperation | CatalogOperation;

/** The mark of a retryable write, so that repeating it gives the same answer. */
export interface WriteMark {
  readonly session: string;
  readonly number: bigint;
  readonly statement: number;
  readonly result: Document;
}

/** The operations of one commit. */
export interface Entry {
  /** The number of the commit. */
  readonly at: number;
  readonly time: Timestamp;
  readonly wallMs: number;
  readonly operations: readonly Operation[];
  readonly marks: readonly WriteMark[];
}

const LETTERS = { insert: "i", update: "u", replace: "r", delete: "d" } as const;
const KINDS: Readonly<Record<string, keyof typeof LETTERS>> = { i: "insert", u: "update", r: "replace", d: "delete" };

/** Whether it changes a document, rather than the catalog. */
export const isDocumentOperation = (operation: Operation): operation is DocumentOperation =>
  Object.hasOwn(LETTERS, operation.kind);

/** An entry in the form of the log, in which it is also sent to a replica. */
export function entryToDocument(entry: Entry): Document {
  return {
    at: BigInt(entry.at),
    time: entry.time,
    wall: new Date(entry.wallMs),
    ops: entry.operations.map((operation): Document => {
      if (!isDocumentOperation(operation)) return { op: "c", ...operation };
      const { kind, database, collection, id, document } = operation;
      return { op: LETTERS[kind], db: database, c: collection, id, o: document };
    }),
    marks: entry.marks.map((mark): Document => ({ ...mark })),
  };
}

const damage = (): ServerError => new ServerError("InternalError", "an entry of the log is damaged");

/** @throws ServerError InternalError for anything that is not an entry */
export function entryOfDocument(document: Document): Entry {
  const { at, time, wall, ops, marks } = document;
  if (
    typeof at !== "bigint" ||
    !(time instanceof Timestamp) ||
    !(wall instanceof Date) ||
    !isArray(ops) ||
    !isArray(marks)
  )
    throw damage();
  return { at: Number(at), time, wallMs: wall.getTime(), operations: ops.map(operationOf), marks: marks.map(markOf) };
}

function operationOf(value: Value): Operation {
  if (!isDocument(value)) throw damage();
  const { op, db, c, id, o } = value;
  if (op === "c") return catalogOperationOf(value);
  const kind = typeof op === "string" && Object.hasOwn(KINDS, op) ? KINDS[op] : undefined;
  if (kind === undefined || typeof db !== "string" || typeof c !== "string") throw damage();
  return { kind, database: db, collection: c, id, document: isDocument(o) ? o : undefined, before: undefined };
}

function catalogOperationOf(value: Document): CatalogOperation {
  const text = (name: string): string => {
    const field = fieldOf(value, name);
    if (typeof field !== "string") throw damage();
    return field;
  };
  const part = (name: string): Document => {
    const field = fieldOf(value, name);
    if (!isDocument(field)) throw damage();
    return field;
  };
  const database = text("database");
  switch (value.kind) {
    case "create":
      return { kind: "create", database, collection: text("collection"), uuid: text("uuid"), options: part("options") };
    case "drop":
      return { kind: "drop", database, collection: text("collection") };
    case "dropDatabase":
      return { kind: "dropDatabase", database };
    case "rename":
      return { kind: "rename", database, collection: text("collection"), to: part("to") };
    case "modify":
      return { kind: "modify", database, collection: text("collection"), options: part("options") };
    case "createIndex":
      return { kind: "createIndex", database, collection: text("collection"), index: part("index") };
    case "dropIndex":
      return { kind: "dropIndex", database, collection: text("collection"), index: text("index") };
    case "putUser":
      return { kind: "putUser", database, user: text("user"), record: part("record") };
    case "dropUser":
      return { kind: "dropUser", database, user: text("user") };
    default:
      throw damage();
  }
}

function markOf(value: Value): WriteMark {
  if (!isDocument(value)) throw damage();
  const { session, number, statement, result } = value;
  if (typeof session !== "string" || typeof number !== "bigint" || typeof statement !== "number" || !isDocument(result))
    throw damage();
  return { session, number, statement, result };
}
