import { show } from "../storage/index.ts";
import { indexOf } from "../query/paths.ts";
import { type Document, fieldOf, isArray, isDocument, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";

/** The function of an operator on the value at a path; `undefined` removes the field. */
export type Change = (there: Value) => Value;

/** How many elements an index may add to an array (`kMaxPaddingAllowed` of the server). */
const PADDING_MAX = 1_500_000;

/**
 * Changes the value at a path of a document. Creates missing documents on the way, unless the field should be removed.
 *
 * @throws ServerError PathNotViable, CannotBackfillArray
 */
export function changeAt(document: Document, path: readonly string[], change: Change): Document {
  const [name = "", ...rest] = path;
  const there = fieldOf(document, name);
  const made = rest.length === 0 ? change(there) : below(there, name, rest, change);
  if (made === there) return document;
  if (made !== undefined) return { ...document, [name]: made };
  const { [name]: _removed, ...others } = document;
  return others;
}

function below(there: Value, parent: string, path: readonly string[], change: Change): Value {
  if (isDocument(there)) return changeAt(there, path, change);
  if (isArray(there)) return changeElement(there, parent, path, change);
  if (there === undefined) {
    const made = changeAt({}, path, change);
    return Object.keys(made).length === 0 ? undefined : made;
  }
  // Removing a missing field has no effect.
  if (isRemoval(change)) return there;
  throw new ServerError("PathNotViable", `Cannot create field '${path[0]}' in element {${parent}: ${show(there)}}`);
}

const isRemoval = (change: Change): boolean => change(undefined) === undefined;

function changeElement(values: readonly Value[], parent: string, path: readonly string[], change: Change): Value {
  const [name = "", ...rest] = path;
  const at = indexOf(name);
  if (at === undefined) {
    if (isRemoval(change)) return values;
    throw new ServerError("PathNotViable", `Cannot create field '${name}' in element {${parent}: ${show(values)}}`);
  }
  const there = values[at];
  const made = rest.length === 0 ? change(there) : below(there, name, rest, change);
  if (made === there) return values;
  if (at - values.length > PADDING_MAX)
    throw new ServerError("CannotBackfillArray", `can't backfill more than ${PADDING_MAX} elements`);
  const copy: Value[] = [...values];
  while (copy.length < at) copy.push(null);
  // A removed element becomes null, because the others keep their places.
  copy[at] = made ?? null;
  return copy;
}
