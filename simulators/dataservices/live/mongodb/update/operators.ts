import type { Timestamp } from "bson";
import { show } from "../storage/index.ts";
import { compare } from "../values/compare.ts";
import { add, multiply } from "../values/numbers.ts";
import { type Document, isDocument, isInt32, isNumeric, typeOf, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { ARRAY_OPERATORS } from "./arrays.ts";
import type { Change } from "./set-at.ts";

/** The context of an operator in an update. */
export interface UpdateScope {
  readonly now: Date;
  readonly time: Timestamp;
  /** Whether a new document is being created, by `upsert`. */
  readonly isInsert: boolean;
  /** Compiles the filter of `$pull`. */
  readonly elementFits: (operand: Document) => (value: Value) => boolean;
}

/** Turns an operand into a function that changes the value at its path. */
export type UpdateOperator = (operand: Value, path: string, scope: UpdateScope) => Change;

function arithmetic(name: "$inc" | "$mul", apply: typeof add, initial: (operand: Value) => Value): UpdateOperator {
  const verb = name === "$inc" ? "increment" : "multiply";
  return (operand, path) => {
    if (!isNumeric(operand))
      throw new ServerError("TypeMismatch", `Cannot ${verb} with non-numeric argument: {${path}: ${show(operand)}}`);
    return (there) => {
      if (there === undefined) return initial(operand);
      if (!isNumeric(there))
        throw new ServerError(
          "TypeMismatch",
          `Cannot apply ${name} to a value of non-numeric type. {${path}: ${show(there)}} has the field '${path.split(".").at(-1)}' of non-numeric type ${typeOf(there)}`,
        );
      const made = apply(there, operand);
      if (made === undefined)
        throw new ServerError(
          "BadValue",
          `Failed to apply ${name} operations to current value (${show(there)}) for document`,
        );
      return made;
    };
  };
}

const zeroLike = (operand: Value): Value => (isNumeric(operand) ? multiply(operand, 0) : 0);

function rankPick(way: 1 | -1): UpdateOperator {
  return (operand) => (there) => (there === undefined || compare(operand, there) * way > 0 ? operand : there);
}

function currentDate(operand: Value, _path: string, { now, time }: UpdateScope): Change {
  const kind = isDocument(operand) ? operand.$type : operand;
  if (kind === true || kind === false || kind === "date") return () => now;
  if (kind === "timestamp") return () => time;
  throw new ServerError(
    "BadValue",
    "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}",
  );
}

const BITS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

const isWhole = (value: Value): value is number | bigint =>
  typeof value === "bigint" || (typeof value === "number" && isInt32(value));

function bit(operand: Value, path: string): Change {
  if (!isDocument(operand))
    throw new ServerError(
      "BadValue",
      `The $bit modifier is not compatible with a ${typeOf(operand)}. You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}`,
    );
  const steps = Object.entries(operand).map(([name, value]) => {
    const apply = Object.hasOwn(BITS, name) ? BITS[name] : undefined;
    if (apply === undefined)
      throw new ServerError(
        "BadValue",
        `The $bit modifier only supports 'and', 'or', and 'xor', not '${name}' which is an unknown operator: {${name}: ${show(value)}}`,
      );
    if (!isWhole(value))
      throw new ServerError(
        "BadValue",
        `The $bit modifier field must be an Integer(32/64 bit); a '${typeOf(value)}' is not supported here: {${name}: ${show(value)}}`,
      );
    return { apply, value };
  });
  return (there) => {
    if (there !== undefined && !isWhole(there))
      throw new ServerError(
        "BadValue",
        `Cannot apply $bit to a value of non-integral type. ${path} has the field of non-integer type ${typeOf(there)}`,
      );
    return steps.reduce<number | bigint>((made, { apply, value }) => {
      const bits = apply(BigInt(made), BigInt(value));
      return typeof made === "bigint" || typeof value === "bigint" ? bits : Number(bits);
    }, there ?? 0);
  };
}

/** The operators of updates (MongoDB manual, "Update Operators"); `$rename` is two changes, see `update.ts`. */
export const UPDATE_OPERATORS: Readonly<Record<string, UpdateOperator>> = {
  $set: (operand) => () => operand,
  $setOnInsert:
    (operand, _path, { isInsert }) =>
    (there) =>
      isInsert ? operand : there,
  $unset: () => () => undefined,
  $inc: arithmetic("$inc", add, (operand) => operand),
  $mul: arithmetic("$mul", multiply, zeroLike),
  $min: rankPick(-1),
  $max: rankPick(1),
  $currentDate: currentDate,
  $bit: bit,
  ...ARRAY_OPERATORS,
};
