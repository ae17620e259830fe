import type { Formats, Schema, SchemaFailure } from "./schema.ts";
import { validate } from "./validate.ts";

/**
 * The type of what a schema lets through, as far as `type`, `enum`, `properties`, `required` and `items` tell. Members that the
 * schema does not name are `unknown`.
 */
export type ValueOf<S> = S extends { readonly type: infer T }
  ? TypeNamed<T extends readonly (infer One)[] ? One : T, S> & EnumOf<S>
  : EnumOf<S>;

type EnumOf<S> = S extends { readonly enum: readonly (infer V)[] } ? V : unknown;

type TypeNamed<T, S> = T extends "string"
  ? string
  : T extends "integer" | "number"
    ? number
    : T extends "boolean"
      ? boolean
      : T extends "null"
        ? null
        : T extends "array"
          ? readonly (S extends { readonly items: infer I } ? ValueOf<I> : unknown)[]
          : T extends "object"
            ? ObjectOf<S>
            : unknown;

type ObjectOf<S> = Readonly<Record<string, unknown>> &
  (S extends { readonly properties: infer P }
    ? { readonly [K in keyof P as K extends RequiredOf<S> ? K : never]: ValueOf<P[K]> } & {
        readonly [K in keyof P as K extends RequiredOf<S> ? never : K]?: ValueOf<P[K]>;
      }
    : unknown);

type RequiredOf<S> = S extends { readonly required: readonly (infer K)[] } ? K : never;

/** What a validation comes to: the value with the type that its schema says, or the first failure. */
type Checked<V> = { readonly ok: true; readonly value: V } | { readonly ok: false; readonly failure: SchemaFailure };

/** Validates a value and gives it the type that the schema says. */
export function checkValue<const S extends Schema>(schema: S, value: unknown, formats?: Formats): Checked<ValueOf<S>> {
  const failure = validate(schema, value, formats);
  // The one place where a type follows from a check at run time.
  return failure === undefined ? { ok: true, value: value as ValueOf<S> } : { ok: false, failure };
}
