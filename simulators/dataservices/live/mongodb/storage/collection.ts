import { compileMatch } from "../aggregation/context.ts";
import type { Predicate } from "../query/match.ts";
import { byCodePoint } from "../values/compare.ts";
import { keyOf } from "../values/key.ts";
import { type Document, fieldOf, isArray, isDocument, type Value } from "../values/value.ts";
import { BSONRegExp } from "bson";
import { ServerError } from "../wire/errors.ts";
import { Index } from "./index.ts";
import type { IndexSpec } from "./index-keys.ts";
import { documentFor, type Reader, type Record, trim } from "./records.ts";

/** The index that every collection has. */
const ID_INDEX: IndexSpec = {
  name: "_id_",
  key: { _id: 1 },
  unique: true,
  sparse: false,
  expireAfterSeconds: undefined,
  options: { v: 2, key: { _id: 1 }, name: "_id_" },
};

/** A collection: its records in natural order, and its indexes. A view has neither. */
export class Collection {
  readonly database: string;
  readonly name: string;
  /** 32 hexadecimal digits. */
  readonly uuid: string;
  /** The options of `create`, as received. */
  options: Document;
  readonly records = new Map<string, Record>();
  readonly indexes = new Map<string, Index>();
  /** The number of the last commit that changed a document. */
  changedAt = 0;
  #validator: Predicate | undefined;

  constructor(database: string, name: string, uuid: string, options: Document) {
    this.database = database;
    this.name = name;
    this.uuid = uuid;
    this.options = options;
    this.reconfigure(options);
    this.indexes.set("_id_", new Index(ID_INDEX));
  }

  get namespace(): string {
    return `${this.database}.${this.name}`;
  }

  get isView(): boolean {
    return typeof this.options.viewOn === "string";
  }

  /** Replaces the options. @throws ServerError if the validator is not a filter */
  reconfigure(options: Document): void {
    const { validator } = options;
    const isEmpty = !isDocument(validator) || Object.keys(validator).length === 0;
    this.#validator = isEmpty ? undefined : compileMatch(validator, { texts: byCodePoint, variables: {} });
    this.options = options;
  }

  /** Whether the document satisfies the collection's validator. */
  isValid(document: Document): boolean {
    return this.#validator?.(document) !== false;
  }

  /** The record of an `_id`; undefined if there has never been one, or nobody can see it any more. */
  recordOf(id: Value): Record | undefined {
    return this.records.get(keyOf(id));
  }

  /** The documents that a reader sees, in natural order. */
  *documents(reader: Reader): Generator<Document> {
    for (const record of this.records.values()) {
      const document = documentFor(record, reader);
      if (document !== undefined) yield document;
    }
  }

  /** The records that may match a filter, found through an index if one applies. */
  candidates(filter: Document, reader: Reader): Iterable<Record> {
    const id = fieldOf(filter, "_id");
    if (isExact(id)) return [this.recordOf(id)].filter((record) => record !== undefined);
    if (reader.snapshot < this.changedAt) return this.records.values();
    const index = this.indexFor(filter);
    return index === undefined ? this.records.values() : index.find(index.fields.map((name) => filter[name]));
  }

  /** The index that serves the equalities of a filter; undefined if all records have to be read. */
  indexFor(filter: Document): Index | undefined {
    return [...this.indexes.values()].find(
      (index) => index.isPlain && index.fields.every((name) => isExact(fieldOf(filter, name))),
    );
  }

  /** Bytes and entries are counted over committed documents. */
  get committedDocuments(): readonly Document[] {
    return [...this.documents({ snapshot: Number.POSITIVE_INFINITY, transaction: undefined })];
  }

  /** Creates an index over the existing documents. @throws ServerError DuplicateKey */
  addIndex(spec: IndexSpec): void {
    const index = new Index(spec);
    for (const record of this.records.values()) {
      const document = record.newest?.document;
      if (document !== undefined && spec.unique) this.#requireFree(index, record, document);
      index.add(record, document);
      index.add(record, record.pending?.document);
    }
    this.indexes.set(spec.name, index);
  }

  #requireFree(index: Index, record: Record, document: Document): void {
    const none = { meet: () => {} };
    index.requireUnique(this.namespace, record, document, none);
  }

  /** Forgets the versions of a record that nobody can read any more. */
  sweep(record: Record, oldest: number): void {
    trim(record, oldest);
    const isGone =
      record.pending === undefined && record.newest?.document === undefined && record.newest?.older === undefined;
    if (isGone && this.records.get(record.key) === record) this.records.delete(record.key);
  }
}

/** A value in one key of an index. */
function isExact(value: Value): boolean {
  if (value === undefined || value === null || isArray(value) || value instanceof BSONRegExp) return false;
  return !isDocument(value) || (Object.keys(value).length > 0 && Object.keys(value)[0]?.startsWith("$") !== true);
}

/** @throws ServerError InvalidNamespace */
export function requireName(name: Value, what: "collection" | "database"): string {
  const longest = what === "collection" ? NAME_BYTES_MAX : DATABASE_BYTES_MAX;
  const pattern = what === "collection" ? /^(?!\.)[^$\0]+(?<!\.)$/ : /^[^/\\. "$*<>:|?\0]+$/;
  if (typeof name !== "string") throw new ServerError("BadValue", `${what} name has invalid type`);
  if (pattern.test(name) && Buffer.byteLength(name) <= longest) return name;
  throw new ServerError("InvalidNamespace", `Invalid namespace specified: '${name}' is not a name for a ${what}`);
}

/** With the database's name, a namespace has at most 255 bytes. */
const NAME_BYTES_MAX = 235;
const DATABASE_BYTES_MAX = 63;
