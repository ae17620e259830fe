import { type Document, fieldOf, isArray, isDocument, type Value } from "../values/value.ts";

/** A value at the end of a path, and the index that led to it in the first array on the way. */
interface Terminal {
  readonly value: Value;
  readonly index: number | undefined;
}

const INDEX = /^(0|[1-9]\d{0,8})$/;

/** The index that a component of a path may be; undefined for a name. */
export const indexOf = (component: string): number | undefined =>
  INDEX.test(component) ? Number(component) : undefined;

/**
 * The values at the end of a path as a filter sees them: through arrays on the way, by index and into each embedded document. A path
 * that ends early gives `undefined`; elements of an array that are not documents give nothing.
 */
export function* terminals(document: Document, path: readonly string[]): Generator<Terminal> {
  const [name = "", ...rest] = path;
  yield* below(fieldOf(document, name), rest, undefined);
}

function* below(value: Value, path: readonly string[], index: number | undefined): Generator<Terminal> {
  const [name, ...rest] = path;
  if (name === undefined) yield { value, index };
  else if (isDocument(value)) yield* below(fieldOf(value, name), rest, index);
  else if (isArray(value)) yield* inArray(value, path, index);
  else yield { value: undefined, index };
}

function* inArray(values: readonly Value[], path: readonly string[], index: number | undefined): Generator<Terminal> {
  const [name = "", ...rest] = path;
  const at = indexOf(name);
  if (at !== undefined && at < values.length) yield* below(values[at], rest, index);
  for (const [each, value] of values.entries()) if (isDocument(value)) yield* below(value, path, index ?? each);
}

/** A path as components; `a.b` is two. */
export const componentsOf = (path: string): readonly string[] => path.split(".");
