import { BSONRegExp, Double } from "bson";
import { Context, evalExpr, ProcessingMode } from "mingo/core";
import * as accumulators from "mingo/operators/accumulator";
import * as expressions from "mingo/operators/expression";
import * as stages from "mingo/operators/pipeline";
import * as windows from "mingo/operators/window";
import { Aggregator } from "mingo/aggregator";
import { type Document, type Draft, isArray, isDocument, type Value } from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";

/*
 * Operators that are plain functions of their arguments come from mingo. It knows only JavaScript's numbers, so an int64 and a double are passed as those, and its results come back as the smallest type that holds them.
 */
const FUNCTIONS = new Set(
  `$abs $acos $acosh $allElementsTrue $anyElementTrue $asin $asinh $atan $atan2 $atanh $bitAnd $bitNot $bitOr $bitXor $ceil $cos $cosh
   $dateAdd $dateDiff $dateFromParts $dateFromString $dateSubtract $dateToParts $dateToString $dateTrunc $dayOfMonth $dayOfWeek $dayOfYear
   $degreesToRadians $exp $floor $hour $indexOfBytes $isoDayOfWeek $isoWeek $isoWeekYear $ln $log $log10 $ltrim $median
   $millisecond $minute $month $percentile $pow $radiansToDegrees $replaceAll $replaceOne $reverseArray $round $rtrim $second
   $sin $sinh $slice $split $sqrt $strLenBytes $strLenCP $strcasecmp $substr $substrBytes $substrCP $tan $tanh $toLower $toUpper
   $trim $trunc $week $year $zip`.split(/\s+/),
);

/** Clients' patterns run only in RE2, and clients' code not at all. */
const { $regexFind: _1, $regexFindAll: _2, $regexMatch: _3, $function, ...safe } = expressions;
const { $accumulator: _4, ...folds } = accumulators;
const CONTEXT = Context.init({ expression: safe, accumulator: folds });
const OPTIONS = {
  idKey: "_id",
  processingMode: ProcessingMode.CLONE_OFF,
  context: CONTEXT,
  scriptEnabled: false,
  useStrictMode: true,
  failOnError: true,
};

/** Mingo's stages call its own functions through `$function`: only those are functions, whatever a client sends. */
const WINDOW_OPTIONS = {
  ...OPTIONS,
  scriptEnabled: true,
  context: Context.init({
    expression: { ...safe, $function },
    accumulator: folds,
    pipeline: { ...stages },
    window: { ...windows },
  }),
};
const CODE = /"\$(function|accumulator|where)"/;

/** Whether an operator comes from mingo. */
export const isBridged = (name: string): boolean => FUNCTIONS.has(name);

/** A value in mingo's form. @throws ServerError NotImplemented for an int64 that JavaScript's numbers can't hold */
function unbox(value: Value): unknown {
  if (typeof value === "bigint") {
    if (!Number.isSafeInteger(Number(value))) throw notSimulated("this operator on an int64 beyond 2^53");
    return Number(value);
  }
  if (value instanceof Double) return value.value;
  if (value instanceof BSONRegExp) throw notSimulated("a regular expression in this operator");
  if (isArray(value)) return value.map(unbox);
  if (isDocument(value)) return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, unbox(each)]));
  return value;
}

function box(value: unknown): Value {
  if (Array.isArray(value)) return value.map(box);
  if (isDocument(value)) return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, box(each)]));
  if (isPlain(value)) return value;
  throw new ServerError("InternalError", "an operator answered with no value of BSON");
}

const isPlain = (value: unknown): value is Value => value === null || !["function", "symbol"].includes(typeof value);

/** Whether it can stand for itself in an expression of mingo. */
function isLiteral(value: unknown): boolean {
  if (typeof value === "string") return !value.startsWith("$");
  if (Array.isArray(value)) return value.every(isLiteral);
  if (isDocument(value)) return Object.entries(value).every(([name, each]) => !name.startsWith("$") && isLiteral(each));
  return value !== undefined;
}

/** Applies a bridged operator to evaluated arguments: a list, a document of named ones, or a single one. */
export function applyBridged(name: string, given: Value): Value {
  const holder: Record<string, unknown> = {};
  const refer = (value: unknown): unknown => {
    if (isLiteral(value)) return value;
    const field = `a${Object.keys(holder).length}`;
    holder[field] = value;
    return `$${field}`;
  };
  const values = unbox(given);
  const expression = Array.isArray(values)
    ? values.map(refer)
    : isDocument(values)
      ? Object.fromEntries(Object.entries(values).map(([key, each]) => [key, refer(each)]))
      : refer(values);
  return attempt(() => box(evalExpr(holder, { [name]: expression }, OPTIONS)));
}

/** Folds values by an accumulator of mingo. */
export function accumulateBridged(name: string, values: readonly Value[], options: Draft): Value {
  const rows = values.map((value) => ({ v: unbox(value) }));
  const expression = Object.keys(options).length === 0 ? "$v" : { ...options, input: "$v" };
  return attempt(() => box(evalExpr(rows, { [name]: expression }, OPTIONS)));
}

/** Runs one stage of mingo. */
export function runWindowStage(name: string, operand: Value, documents: readonly Document[]): readonly Document[] {
  return attempt(() => {
    const spec = unbox(operand);
    if (CODE.test(JSON.stringify(spec))) throw notSimulated("code of clients");
    const made = new Aggregator([{ [name]: spec }], WINDOW_OPTIONS).run(documents.map((each) => Object(unbox(each))));
    return made.map(box).filter((each) => isDocument(each));
  });
}

/** Its errors are the client's fault, who gave it something that the operator can't handle. */
function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ServerError) throw error;
    throw new ServerError("BadValue", error instanceof Error ? error.message : "the operator failed");
  }
}
