import type { Collation } from "../query/collation.ts";
import type { Predicate } from "../query/match.ts";
import { componentsOf, terminals } from "../query/paths.ts";
import { keyOf } from "../values/key.ts";
import { type Document, isArray, isDocument, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";

/** The definition of an index, as `listIndexes` shows it. */
export interface IndexSpec {
  readonly name: string;
  /** Fields with their directions, in order. */
  readonly key: Document;
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly expireAfterSeconds: number | undefined;
  /** The options of `createIndexes` as received, including name and key. */
  readonly options: Document;
}

/** Texts that are equal by a collation share one representative. */
class Standins {
  readonly #order: Collation["order"];
  readonly #known: string[] = [];

  constructor(order: Collation["order"]) {
    this.#order = order;
  }

  of(text: string): string {
    let [low, high] = [0, this.#known.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.#order(this.#known[middle] ?? "", text);
      if (order === 0) return this.#known[middle] ?? text;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    this.#known.splice(low, 0, text);
    return text;
  }
}

/** An entry of an index: its values, and the text that equal entries share. */
export interface IndexKey {
  readonly text: string;
  readonly values: readonly Value[];
}

/** Computes the entries of a document in an index. */
export class IndexKeys {
  readonly #paths: readonly (readonly string[])[];
  readonly #spec: IndexSpec;
  readonly #partial: Predicate | undefined;
  readonly #standins: Standins | undefined;

  constructor(spec: IndexSpec, partial: Predicate | undefined, collation: Collation | undefined) {
    this.#spec = spec;
    this.#paths = Object.keys(spec.key).map(componentsOf);
    this.#partial = partial;
    this.#standins = collation && new Standins(collation.order);
  }

  /** @throws ServerError 171 if two of its fields are arrays */
  of(document: Document): readonly IndexKey[] {
    if (this.#partial?.(document) === false) return [];
    const columns = this.#paths.map((path) => columnOf(document, path));
    if (this.#spec.sparse && columns.every(({ isMissing }) => isMissing)) return [];
    if (columns.filter(({ isMulti }) => isMulti).length > 1)
      throw new ServerError(171, `cannot index parallel arrays [${Object.keys(this.#spec.key).join("] [")}]`);
    const rows = columns.reduce<readonly (readonly Value[])[]>(
      (made, { values }) => made.flatMap((row) => values.map((value) => [...row, value])),
      [[]],
    );
    const keys = new Map(rows.map((values) => [this.textOf(values), { text: this.textOf(values), values }]));
    return [...keys.values()];
  }

  /** The text of an entry with these values. */
  textOf(values: readonly Value[]): string {
    return values.map((value) => keyOf(this.#collate(value ?? null))).join("|");
  }

  #collate(value: Value): Value {
    if (this.#standins === undefined) return value;
    if (typeof value === "string") return this.#standins.of(value);
    if (isArray(value)) return value.map((each) => this.#collate(each));
    if (!isDocument(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.#collate(each)]));
  }
}

interface Column {
  readonly values: readonly Value[];
  readonly isMissing: boolean;
  readonly isMulti: boolean;
}

function columnOf(document: Document, path: readonly string[]): Column {
  const found = [...terminals(document, path)];
  const isMulti = found.some(({ value, index }) => isArray(value) || index !== undefined);
  const values = found.flatMap(({ value }) => (isArray(value) ? (value.length === 0 ? [undefined] : value) : [value]));
  return {
    values: values.length === 0 ? [undefined] : values,
    isMissing: found.every(({ value }) => value === undefined),
    isMulti,
  };
}
