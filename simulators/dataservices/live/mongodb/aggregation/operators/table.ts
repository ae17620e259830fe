import type { Value } from "../../values/value.ts";
import type { Compile, Evaluate } from "../scope.ts";

/** An operator that is a function of values, and how many it takes. `isList`: they were given as a list. */
interface ValueFunction {
  readonly arity: readonly [least: number, most: number];
  readonly apply: (values: readonly Value[], isList: boolean) => Value;
}

/** Functions by the name of their operator. */
export type FunctionTable = Readonly<Record<string, ValueFunction>>;

/** Operators that decide themselves what is evaluated, and with which variables. */
export type ControlTable = Readonly<Record<string, (operand: Value, compile: Compile) => Evaluate>>;

/** Any number. */
export const ANY = [0, Number.POSITIVE_INFINITY] as const;
/** Exactly one. */
export const ONE = [1, 1] as const;
/** Exactly two. */
export const TWO = [2, 2] as const;
