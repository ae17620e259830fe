import { readCollation } from "../query/collation.ts";
import { compileFilter, PLAIN_CONTEXT } from "../query/match.ts";
import { type Document, type Draft, isDocument, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { type IndexKey, IndexKeys, type IndexSpec } from "./index-keys.ts";
import type { Record } from "./records.ts";
import type { Transaction } from "./transaction.ts";

/** Called with the transaction that holds a wanted key. */
interface Contender {
  meet(other: Transaction): void;
}

/**
 * The entries of an index: for each key, the records that have it in their newest or uncommitted document. A
 * reader of an older snapshot can't use it.
 */
export class Index {
  spec: IndexSpec;
  readonly #keys: IndexKeys;
  readonly #entries = new Map<string, Set<Record>>();
  readonly isPlain: boolean;
  uses = 0;

  constructor(spec: IndexSpec) {
    this.spec = spec;
    const { partialFilterExpression: partial, collation } = spec.options;
    this.#keys = new IndexKeys(
      spec,
      isDocument(partial) ? compileFilter(partial, PLAIN_CONTEXT) : undefined,
      readCollation(collation),
    );
    this.isPlain = !spec.sparse && partial === undefined && collation === undefined;
  }

  get fields(): readonly string[] {
    return Object.keys(this.spec.key);
  }

  /** Records that may have these values in the index's fields; all fields must be given. */
  find(values: readonly Value[]): Iterable<Record> {
    this.uses++;
    return this.#entries.get(this.#keys.textOf(values)) ?? [];
  }

  keysOf(document: Document | undefined): readonly IndexKey[] {
    return document === undefined ? [] : this.#keys.of(document);
  }

  add(record: Record, document: Document | undefined): void {
    for (const { text } of this.keysOf(document)) {
      const there = this.#entries.get(text);
      if (there === undefined) this.#entries.set(text, new Set([record]));
      else there.add(record);
    }
  }

  /** Removes the entries of a document that is neither the record's newest nor its pending one. */
  remove(record: Record, document: Document | undefined): void {
    const kept = new Set(
      [record.newest?.document, record.pending?.document].flatMap((each) => this.keysOf(each).map(({ text }) => text)),
    );
    for (const { text } of this.keysOf(document)) {
      if (kept.has(text)) continue;
      const there = this.#entries.get(text);
      there?.delete(record);
      if (there?.size === 0) this.#entries.delete(text);
    }
  }

  /**
   * Refuses a document if another record has its key.
   *
   * @throws ServerError DuplicateKey; or what the transaction throws if the other record's change is not committed yet
   */
  requireUnique(namespace: string, record: Record, document: Document, by: Contender): void {
    if (!this.spec.unique) return;
    for (const key of this.keysOf(document)) {
      for (const other of this.#entries.get(key.text) ?? []) {
        if (other === record) continue;
        if (other.pending !== undefined && other.pending.by !== by) by.meet(other.pending.by);
        const there = other.pending === undefined ? other.newest?.document : other.pending.document;
        if (!this.keysOf(there).some(({ text }) => text === key.text)) continue;
        throw this.#duplicate(namespace, key);
      }
    }
  }

  /** Refuses a document with keys that are taken. @throws ServerError DuplicateKey */
  refuse(namespace: string, document: Document): never {
    throw this.#duplicate(namespace, this.keysOf(document)[0] ?? { text: "", values: [] });
  }

  #duplicate(namespace: string, { values }: IndexKey): ServerError {
    const keyValue: Draft = {};
    for (const [at, name] of this.fields.entries()) keyValue[name] = values[at] ?? null;
    const shown = Object.entries(keyValue).map(([name, value]) => `${name}: ${show(value)}`);
    return new ServerError(
      "DuplicateKey",
      `E11000 duplicate key error collection: ${namespace} index: ${this.spec.name} dup key: { ${shown.join(", ")} }`,
      { keyPattern: this.spec.key, keyValue },
    );
  }
}

/** A value as an error message quotes it. */
export function show(value: Value): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null || typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[ ${value.map(show).join(", ")} ]`;
  if (isDocument(value))
    return `{ ${Object.entries(value)
      .map(([name, each]) => `${name}: ${show(each)}`)
      .join(", ")} }`;
  return "toHexString" in value ? `ObjectId('${value.toHexString()}')` : String(value);
}
