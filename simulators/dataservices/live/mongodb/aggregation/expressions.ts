import { type Draft, isArray, isDocument, type Value } from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import { applyBridged, isBridged } from "./bridge.ts";
import { ARITHMETIC } from "./operators/arithmetic.ts";
import { ARRAYS } from "./operators/arrays.ts";
import { COMPARISON } from "./operators/comparison.ts";
import { CONTROL } from "./operators/control.ts";
import { CONVERSION } from "./operators/conversion.ts";
import { FOLDS } from "./operators/folds.ts";
import { OBJECTS } from "./operators/objects.ts";
import { SETS } from "./operators/sets.ts";
import { TEXTS } from "./operators/texts.ts";
import type { FunctionTable } from "./operators/table.ts";
import { type Evaluate, resolve, type Scope } from "./scope.ts";

/** Operators on values: the arguments are evaluated first, then passed as a list. */
const FUNCTIONS: FunctionTable = {
  ...ARITHMETIC,
  ...ARRAYS,
  ...COMPARISON,
  ...CONVERSION,
  ...FOLDS,
  ...OBJECTS,
  ...SETS,
  ...TEXTS,
};

/** Operators that a real server has and this engine does not. */
const ABSENT = /^\$(function|accumulator|meta|tsIncrement|tsSecond|toHashedIndexKey|binarySize|bsonSize|_internal.*)$/;

/** Compiles an expression of aggregation. @throws ServerError Location168 for an unknown operator; NotImplemented */
export function compileExpression(expression: Value): Evaluate {
  if (typeof expression === "string" && expression.startsWith("$")) return compilePath(expression);
  if (isArray(expression)) {
    const parts = expression.map(compileExpression);
    return (scope) => parts.map((part) => part(scope) ?? null);
  }
  if (!isDocument(expression)) return () => expression;
  const [first] = Object.keys(expression);
  return first?.startsWith("$") === true ? compileOperator(expression, first) : compileObject(expression);
}

function compileObject(expression: Value & object): Evaluate {
  const parts = Object.entries(expression).map(([name, value]) => {
    if (name.startsWith("$")) throw new ServerError(15983, `field names may not start with '$': ${name}`);
    return [name, compileExpression(value)] as const;
  });
  return (scope) => {
    const made: Draft = {};
    for (const [name, part] of parts) {
      const value = part(scope);
      if (value !== undefined) made[name] = value;
    }
    return made;
  };
}

const SYSTEM: Readonly<Record<string, (scope: Scope) => Value>> = {
  ROOT: ({ root }) => root,
  CURRENT: ({ current }) => current,
  REMOVE: () => undefined,
  DESCEND: () => "$$DESCEND",
  KEEP: () => "$$KEEP",
  PRUNE: () => "$$PRUNE",
};

function compilePath(text: string): Evaluate {
  if (!text.startsWith("$$")) {
    const path = text.slice(1).split(".");
    if (path.some((part) => part === "")) throw new ServerError(40353, `'${text}' is not a valid field path`);
    return ({ current }) => resolve(current, path);
  }
  const [name = "", ...path] = text.slice(2).split(".");
  const system = Object.hasOwn(SYSTEM, name) ? SYSTEM[name] : undefined;
  if (system !== undefined) return (scope) => resolve(system(scope), path);
  return ({ variables }) => {
    if (!Object.hasOwn(variables, name)) throw new ServerError(17276, `Use of undefined variable: ${name}`);
    return resolve(variables[name], path);
  };
}

function compileOperator(expression: Value & object, name: string): Evaluate {
  const entries = Object.entries(expression);
  if (entries.length !== 1)
    throw new ServerError(
      15983,
      `an object representing an expression must have exactly one field, but has ${entries.length}`,
    );
  const operand: Value = entries[0]?.[1];
  if (name === "$literal" || name === "$const") return () => operand;
  if (name === "$rand") return () => Math.random();
  const control = Object.hasOwn(CONTROL, name) ? CONTROL[name] : undefined;
  if (control !== undefined) return control(operand, compileExpression);
  const apply = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (apply !== undefined) return compileFunction(name, operand, apply);
  if (isBridged(name)) {
    const given = compileArguments(operand);
    return (scope) => applyBridged(name, given(scope));
  }
  if (ABSENT.test(name)) throw notSimulated(`the operator ${name}`);
  throw new ServerError(168, `Unrecognized expression '${name}'`);
}

/** The arguments keep their places, even missing ones. */
function compileArguments(operand: Value): Evaluate {
  if (isArray(operand)) {
    const parts = operand.map(compileExpression);
    return (scope) => parts.map((part) => part(scope));
  }
  return compileExpression(operand);
}

function compileFunction(name: string, operand: Value, { arity, apply }: NonNullable<FunctionTable[string]>): Evaluate {
  const parts = (isArray(operand) ? operand : [operand]).map(compileExpression);
  const [least, most] = arity;
  if (parts.length < least || parts.length > most)
    throw new ServerError(
      16020,
      `Expression ${name} takes ${least === most ? `exactly ${least}` : `at least ${least}, and at most ${most},`} arguments. ${parts.length} were passed in.`,
    );
  return (scope) =>
    apply(
      parts.map((part) => part(scope)),
      isArray(operand),
    );
}
