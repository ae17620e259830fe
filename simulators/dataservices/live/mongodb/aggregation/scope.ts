import { isArray, isDocument, fieldOf, type Value } from "../values/value.ts";

/** The scope of an expression: the document, the value of `$$CURRENT`, and the variables by name. */
export interface Scope {
  readonly root: Value;
  readonly current: Value;
  readonly variables: Readonly<Record<string, Value>>;
}

/** A compiled expression. Undefined stands for a missing value. */
export type Evaluate = (scope: Scope) => Value;

/** Compiles an expression within another. */
export type Compile = (expression: Value) => Evaluate;

/** The scope of a document with the variables of its command. */
export const scopeOf = (document: Value, variables: Readonly<Record<string, Value>>): Scope => ({
  root: document,
  current: document,
  variables,
});

/** The same scope with further variables. */
export const withVariables = (scope: Scope, variables: Readonly<Record<string, Value>>): Scope => ({
  ...scope,
  variables: { ...scope.variables, ...variables },
});

/**
 * The value at a path as expressions see it: through arrays it becomes the list of the values found; an index
 * has no meaning.
 */
export function resolve(value: Value, path: readonly string[], at = 0): Value {
  const name = path[at];
  if (name === undefined) return value;
  if (isDocument(value)) return resolve(fieldOf(value, name), path, at + 1);
  if (!isArray(value)) return undefined;
  return value
    .map((each) => (isDocument(each) || isArray(each) ? resolve(each, path, at) : undefined))
    .filter((each) => each !== undefined);
}

/** Null and missing. */
export const isNothing = (value: Value): value is null | undefined => value === null || value === undefined;
