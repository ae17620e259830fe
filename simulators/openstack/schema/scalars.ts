import { isObject } from "../../kernel/index.ts";
import { repr } from "../python/index.ts";
import { checkThat, failureAt, listNames } from "./failure.ts";
import { schemaPattern } from "./patterns.ts";
import type { Check } from "./schema.ts";

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === "string",
  integer: Number.isInteger,
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
};

/** Length as Python counts it: in code points. */
const countCodePoints = (value: unknown): number => (typeof value === "string" ? Array.from(value).length : 0);

/** The number that a value is or, for the services that take digits for numbers, that it spells; NaN for any other. */
function numberIn(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^\s*[+-]?\d+(\.\d*)?\s*$/.test(value) ? Number(value) : NaN;
}

const checkFormat: Check = (value, schema, formats) => {
  const verdict = formats[schema.format ?? ""]?.(value) ?? true;
  if (verdict === true) return undefined;
  const message = verdict === false ? `${repr(value)} is not a ${repr(schema.format)}` : verdict;
  return failureAt(value, schema, "format", message);
};

/** Keywords about a value's type, and about strings and numbers. */
export const SCALAR_CHECKS = {
  type: checkThat(
    "type",
    (value, { type = [] }) => ![type].flat().some((name) => TYPES[name]?.(value)),
    (value, { type = [] }) => `${repr(value)} is not of type ${listNames([type].flat())}`,
  ),
  minLength: checkThat(
    "minLength",
    (value, { minLength = 0 }) => typeof value === "string" && countCodePoints(value) < minLength,
    (value) => `${repr(value)} is too short`,
  ),
  maxLength: checkThat(
    "maxLength",
    (value, { maxLength = Infinity }) => countCodePoints(value) > maxLength,
    (value) => `${repr(value)} is too long`,
  ),
  pattern: checkThat(
    "pattern",
    (value, { pattern = "" }) => typeof value === "string" && !schemaPattern(pattern).test(value),
    (value, { pattern }) => `${repr(value)} does not match ${repr(pattern)}`,
  ),
  minimum: checkThat(
    "minimum",
    (value, { minimum = -Infinity }) => numberIn(value) < minimum,
    (value, { minimum }) => `${repr(numberIn(value))} is less than the minimum of ${minimum}`,
  ),
  maximum: checkThat(
    "maximum",
    (value, { maximum = Infinity }) => numberIn(value) > maximum,
    (value, { maximum }) => `${repr(numberIn(value))} is greater than the maximum of ${maximum}`,
  ),
  enum: checkThat(
    "enum",
    (value, schema) => !schema.enum?.some((item) => item === value),
    (value, schema) => `${repr(value)} is not one of ${repr(schema.enum)}`,
  ),
  format: checkFormat,
};
