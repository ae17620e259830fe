import type { Formats, Schema, SchemaFailure } from "./schema.ts";
import { validate } from "./validate.ts";

/*
 * The type of a value that has passed a `Schema`. Schemas declared `as const satisfies Schema`, or built by functions with `const`
 * type parameters, keep their literal types, so that a checked body needs no cast.
 */

interface Scalars {
  readonly string: string;
  readonly integer: number;
  readonly number: number;
  readonly boolean: boolean;
  readonly null: null;
}

type Named<Name, S> = Name extends keyof Scalars
  ? Scalars[Name]
  : Name extends "object"
    ? Members<S>
    : Name extends "array"
      ? readonly Items<S>[]
      : unknown;

type Items<S> = S extends { readonly items: infer I } ? ValueOf<I> : unknown;

type Members<S> = S extends { readonly properties: infer P }
  ? Fields<P, S extends { readonly required: readonly (infer R)[] } ? R : never> & OtherMembers<S>
  : S extends { readonly patternProperties: infer P }
    ? Readonly<Record<string, ValueOf<P[keyof P]>>>
    : Readonly<Record<string, unknown>>;

/** Members that the schema does not name, if it allows any. */
type OtherMembers<S> = S extends { readonly additionalProperties: false } ? unknown : Readonly<Record<string, unknown>>;

type Fields<P, Required> = {
  readonly [K in keyof P as K extends Required ? K : never]-?: ValueOf<Exclude<P[K], undefined>>;
} & {
  readonly [K in keyof P as K extends Required ? never : K]?: ValueOf<Exclude<P[K], undefined>>;
};

/** The type of the values that a schema allows; `unknown` if the schema's own type is too wide. */
export type ValueOf<S> = S extends { readonly enum: readonly (infer E)[] }
  ? E
  : S extends { readonly type: readonly (infer N)[] }
    ? Named<N, S>
    : S extends { readonly type: infer N }
      ? Named<N, S>
      : S extends { readonly oneOf: readonly (infer O)[] }
        ? ValueOf<O>
        : unknown;

/** The result of a validation: the value with its schema's type, or the first failure. */
type Checked<V> = { readonly ok: true; readonly value: V } | { readonly ok: false; readonly failure: SchemaFailure };

/** Validates a value and gives it its schema's type. */
export function checkValue<const S extends Schema>(schema: S, value: unknown, formats?: Formats): Checked<ValueOf<S>> {
  const failure = validate(schema, value, formats);
  // The one place where a type follows from a check at run time.
  return failure === undefined ? { ok: true, value: value as ValueOf<S> } : { ok: false, failure };
}
