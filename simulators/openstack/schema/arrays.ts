import { repr } from "../python/index.ts";
import { checkThat, failureWithin } from "./failure.ts";
import type { Check } from "./schema.ts";

const checkItems: Check = (value, { items = {} }, formats, validate) => {
  if (!Array.isArray(value)) return undefined;
  for (const [at, item] of value.entries()) {
    const failure = validate(items, item, formats);
    if (failure !== undefined) return failureWithin(failure, [at], ["items"]);
  }
  return undefined;
};

const hasRepeats = (value: unknown): boolean =>
  Array.isArray(value) && new Set(value.map((item) => JSON.stringify(item))).size !== value.length;

/** Keywords about the items of an array. */
export const ARRAY_CHECKS = {
  items: checkItems,
  minItems: checkThat(
    "minItems",
    (value, { minItems = 0 }) => Array.isArray(value) && value.length < minItems,
    (value) => `${repr(value)} is too short`,
  ),
  maxItems: checkThat(
    "maxItems",
    (value, { maxItems = Infinity }) => Array.isArray(value) && value.length > maxItems,
    (value) => `${repr(value)} is too long`,
  ),
  uniqueItems: checkThat(
    "uniqueItems",
    (value, { uniqueItems }) => uniqueItems === true && hasRepeats(value),
    (value) => `${repr(value)} has non-unique elements`,
  ),
};
