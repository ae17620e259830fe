import { compare, type TextOrder } from "../values/compare.ts";
import { type Document, isArray, isDocument, numberOf, type Value } from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import { componentsOf, terminals } from "./paths.ts";

/** An order of documents: negative if `a` comes first. */
type DocumentOrder = (a: Document, b: Document) => number;

/** How many fields a sort may name (`kMaxSortKeys` is 32). */
const SORT_FIELDS_MAX = 32;

/**
 * The order of a sort specification such as `{a: 1, "b.c": -1}`. An array counts as its smallest element, in
 * descending order as its greatest.
 *
 * @throws ServerError BadValue, FailedToParse
 */
export function compileSort(spec: Document, texts: TextOrder): DocumentOrder {
  const keys = Object.entries(spec).map(([path, way]) => [componentsOf(path), wayOf(way)] as const);
  if (keys.length > SORT_FIELDS_MAX) throw new ServerError("BadValue", `a sort has at most ${SORT_FIELDS_MAX} fields`);
  return (a, b) => {
    for (const [path, way] of keys) {
      const order = compare(sortKey(a, path, way, texts), sortKey(b, path, way, texts), texts) * way;
      if (order !== 0) return order;
    }
    return 0;
  };
}

function wayOf(way: Value): 1 | -1 {
  if (isDocument(way)) throw notSimulated("a sort by $meta");
  const number = numberOf(way);
  if (number !== 1 && number !== -1)
    throw new ServerError("BadValue", `$sort key ordering must be 1 (for ascending) or -1 (for descending)`);
  return number;
}

/** Missing sorts as null, an empty array before it. */
function sortKey(document: Document, path: readonly string[], way: 1 | -1, texts: TextOrder): Value {
  let best: Value;
  let isFirst = true;
  for (const { value } of terminals(document, path)) {
    for (const each of isArray(value) ? (value.length === 0 ? [undefined] : value) : [value ?? null]) {
      if (isFirst || compare(each, best, texts) * way < 0) best = each;
      isFirst = false;
    }
  }
  return isFirst ? null : best;
}
