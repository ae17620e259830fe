import { repr } from "../python/index.ts";
import type { Check, Schema, SchemaFailure, Validate } from "./schema.ts";

/** The failure of a keyword at the value itself. */
export const failureAt = (value: unknown, schema: Schema, keyword: string, message: string): SchemaFailure => ({
  path: [],
  schemaPath: [],
  value,
  message,
  keyword,
  schema,
});

/** A failure within a part, with its paths extended to the whole. */
export const failureWithin = (
  failure: SchemaFailure | undefined,
  path: readonly (string | number)[],
  schemaPath: readonly (string | number)[],
): SchemaFailure | undefined =>
  failure && { ...failure, path: [...path, ...failure.path], schemaPath: [...schemaPath, ...failure.schemaPath] };

/** A check that fails with `message` where `isBad` holds. */
export const checkThat =
  (
    keyword: string,
    isBad: (value: unknown, schema: Schema, validate: Validate) => boolean,
    message: (value: unknown, schema: Schema, validate: Validate) => string,
  ): Check =>
  (value, schema, formats, validate) => {
    const judge: Validate = (part, each) => validate(part, each, formats);
    return isBad(value, schema, judge) ? failureAt(value, schema, keyword, message(value, schema, judge)) : undefined;
  };

/** Names or values as a message lists them: `'a', 'b'`. */
export const listNames = (names: readonly string[]): string => names.map(repr).join(", ");
