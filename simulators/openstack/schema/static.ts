/*
 * What a value is once it has passed a schema of `Schema`. Schemas declared `as const satisfies Schema`, or built by functions with `const`
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

type Items<S> = S extends { readonly items: infer I } ? Static<I> : unknown;

type Members<S> = S extends { readonly properties: infer P }
  ? Fields<P, S extends { readonly required: readonly (infer R)[] } ? R : never>
  : S extends { readonly patternProperties: infer P }
    ? Readonly<Record<string, Static<P[keyof P]>>>
    : Readonly<Record<string, unknown>>;

type Fields<P, Required> = {
  readonly [K in keyof P as K extends Required ? K : never]-?: Static<Exclude<P[K], undefined>>;
} & {
  readonly [K in keyof P as K extends Required ? never : K]?: Static<Exclude<P[K], undefined>>;
};

/** The type of the values that a schema admits; `unknown` where the schema's own type says nothing. */
export type Static<S> = S extends { readonly enum: readonly (infer E)[] }
  ? E
  : S extends { readonly type: readonly (infer N)[] }
    ? Named<N, S>
    : S extends { readonly type: infer N }
      ? Named<N, S>
      : S extends { readonly oneOf: readonly (infer O)[] }
        ? Static<O>
        : unknown;
