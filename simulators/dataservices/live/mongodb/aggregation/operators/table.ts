import type { Value } from "../../values/value.ts";
import type { Compile, Evaluate } from "../scope.ts";

/** An operator that is a function of values, with the number of its arguments. `isList`: they were given as a list. */
interface ValueFunction {
  readonly arity: readonly [least: number, most: number];
  readonly apply: (values: readonly Value[], isList: boolean) => Value;
}

/** Functions by the name of their operator. */
export type FunctionTable = Readonly<Record<string, ValueFunction>>;

/** Operators that control the evaluation of their arguments, and its variables. */
export type ControlTable = Readonly<Record<string, (operand: Value, compile: Compile) => Evaluate>>;

/** Any number. */
export const ANY = [0, Number.POSITIVE_INFINITY] as const;
/** Exactly one. */
export const ONE = [1, 1] as const;
/** Exactly two. */
export const TWO = [2, 2] as const;
