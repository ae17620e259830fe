import { type Document, isArray, type Value } from "../values/value.ts";
import type { Test } from "./operators.ts";
import { terminals } from "./paths.ts";

/** The position in an array at which a filter matched, for the positional operator `$` of updates and projections. */
export interface MatchDetails {
  index?: number | undefined;
}

/** Decides whether a document matches a filter. */
export type Predicate = (document: Document, details?: MatchDetails) => boolean;

/** A condition on the value at the end of one path. `expands`: the elements of an array count as well as the array itself. */
export interface Condition {
  readonly test: Test;
  readonly expands: boolean;
  readonly isNegated: boolean;
}

/** Holds if all conditions hold. */
export const all =
  (predicates: readonly Predicate[]): Predicate =>
  (document, details) =>
    predicates.every((predicate) => predicate(document, details));
/** Holds if at least one condition holds. */
export const any =
  (predicates: readonly Predicate[]): Predicate =>
  (document, details) =>
    predicates.some((predicate) => predicate(document, details));
/** Holds if the condition does not. */
export const not =
  (predicate: Predicate): Predicate =>
  (document) =>
    !predicate(document);

/** A condition; by default the elements of an array count as well. */
export const condition = (test: Test, expands = true, isNegated = false): Condition => ({ test, expands, isNegated });

/** Evaluates a condition at a path. */
export function predicateOf(path: readonly string[], { test, expands, isNegated }: Condition): Predicate {
  const holds: Predicate = (document, details) => {
    for (const { value, index } of terminals(document, path)) {
      const found = placeIn(value, test, expands);
      if (found === undefined) continue;
      const place = index ?? (found === WHOLE ? lastIndex(value, test) : found);
      if (details !== undefined && place !== undefined) details.index = place;
      return true;
    }
    return false;
  };
  return isNegated ? not(holds) : holds;
}

/** The value itself, not an element of it. */
const WHOLE = -1;

/** The element of a value that matches, `WHOLE` for the value itself; undefined if none does. */
function placeIn(value: Value, test: Test, expands: boolean): number | undefined {
  if (expands && isArray(value)) {
    const at = value.findIndex((each) => test(each));
    if (at !== -1) return at;
  }
  return test(value) ? WHOLE : undefined;
}

/** An `$elemMatch` knows which element matched. */
const lastIndex = (value: Value, test: Test): number | undefined =>
  "elementIn" in test && typeof test.elementIn === "function" ? Number(test.elementIn(value)) : undefined;

/** A condition on a value that is already at the end of its path. */
export function fitsValue(value: Value, { test, expands, isNegated }: Condition): boolean {
  return (placeIn(value, test, expands) !== undefined) !== isNegated;
}
