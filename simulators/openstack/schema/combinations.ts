import { repr } from "../python/index.ts";
import { checkThat, failureWithin } from "./failure.ts";
import type { Check, Schema, Validate } from "./schema.ts";

const findMatches = (value: unknown, schemas: readonly Schema[], validate: Validate): readonly Schema[] =>
  schemas.filter((schema) => validate(schema, value) === undefined);

function oneOfMessage(value: unknown, schemas: readonly Schema[]): string {
  if (schemas.length === 0) return `${repr(value)} is not valid under any of the given schemas`;
  return `${repr(value)} is valid under each of ${schemas.map(repr).reverse().join(", ")}`;
}

const checkAllOf: Check = (value, { allOf = [] }, formats, validate) => {
  for (const [at, part] of allOf.entries()) {
    const failure = validate(part, value, formats);
    if (failure !== undefined) return failureWithin(failure, [], ["allOf", at]);
  }
  return undefined;
};

/** Keywords that combine schemas. */
export const COMBINATION_CHECKS = {
  oneOf: checkThat(
    "oneOf",
    (value, { oneOf = [] }, validate) => findMatches(value, oneOf, validate).length !== 1,
    (value, { oneOf = [] }, validate) => oneOfMessage(value, findMatches(value, oneOf, validate)),
  ),
  anyOf: checkThat(
    "anyOf",
    (value, { anyOf = [] }, validate) => findMatches(value, anyOf, validate).length === 0,
    (value) => `${repr(value)} is not valid under any of the given schemas`,
  ),
  allOf: checkAllOf,
  not: checkThat(
    "not",
    (value, { not = {} }, validate) => validate(not, value) === undefined,
    (value, { not }) => `${repr(value)} should not be valid under ${repr(not)}`,
  ),
};
