import { ARRAY_CHECKS } from "./arrays.ts";
import { COMBINATION_CHECKS } from "./combinations.ts";
import { OBJECT_CHECKS } from "./objects.ts";
import { SCALAR_CHECKS } from "./scalars.ts";
import { targetOf } from "./references.ts";
import type { Check, Formats, Schema, SchemaFailure } from "./schema.ts";

const CHECKS: Readonly<Record<string, Check>> = {
  ...SCALAR_CHECKS,
  ...OBJECT_CHECKS,
  ...ARRAY_CHECKS,
  ...COMBINATION_CHECKS,
};

const NO_FORMATS: Formats = {};

/** Validates and returns the first failure in the order of the schema's keywords, `undefined` if there is none. */
export function validate(schema: Schema, value: unknown, formats: Formats = NO_FORMATS): SchemaFailure | undefined {
  const target = targetOf(schema);
  for (const keyword in target) {
    const failure = CHECKS[keyword]?.(value, target, formats, validate);
    if (failure !== undefined) return failure;
  }
  return undefined;
}
