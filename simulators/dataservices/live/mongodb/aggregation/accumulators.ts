import { compileSort } from "../query/sort.ts";
import { byCodePoint, compare } from "../values/compare.ts";
import { type Document, isDocument, numberOf, type Value } from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import { accumulateBridged } from "./bridge.ts";
import { compileExpression } from "./expressions.ts";
import { average, deviation, extreme, total } from "./folds.ts";
import { distinct } from "./operators/sets.ts";
import { isNothing, scopeOf } from "./scope.ts";

/** Folds the documents of a group into one value. */
type Accumulate = (documents: readonly Document[], variables: Readonly<Record<string, Value>>) => Value;

/** Accumulators of the values of an expression. */
const OF_VALUES: Readonly<Record<string, (values: readonly Value[]) => Value>> = {
  $sum: total,
  $avg: average,
  $min: (values) => extreme(values, -1),
  $max: (values) => extreme(values, 1),
  $first: (values) => values[0] ?? null,
  $last: (values) => values.at(-1) ?? null,
  $push: (values) => values.filter((value) => value !== undefined),
  $addToSet: (values) => [...distinct(values.filter((value) => value !== undefined)).values()],
  $stdDevPop: (values) => deviation(values, 0),
  $stdDevSamp: (values) => deviation(values, 1),
  $mergeObjects: (values) =>
    values.reduce<Document>((made, each) => {
      if (isNothing(each)) return made;
      if (!isDocument(each)) throw new ServerError(40400, "$mergeObjects requires object inputs");
      return { ...made, ...each };
    }, {}),
};

/** Accumulators of the first n values: the operand says how many, and of what. */
const OF_MANY: Readonly<Record<string, (values: readonly Value[], count: number) => readonly Value[]>> = {
  $firstN: (values, count) => values.slice(0, count),
  $lastN: (values, count) => values.slice(Math.max(0, values.length - count)),
  $minN: (values, count) =>
    values
      .filter((each) => !isNothing(each))
      .toSorted((a, b) => compare(a, b))
      .slice(0, count),
  $maxN: (values, count) =>
    values
      .filter((each) => !isNothing(each))
      .toSorted((a, b) => compare(b, a))
      .slice(0, count),
};

/** Accumulators of documents in an order of their own. */
const SORTED: Readonly<Record<string, (values: readonly Value[], count: number) => Value>> = {
  $top: (values) => values[0] ?? null,
  $bottom: (values) => values.at(-1) ?? null,
  $topN: (values, count) => values.slice(0, count),
  $bottomN: (values, count) => values.slice(Math.max(0, values.length - count)),
};

const BRIDGED = new Set(["$median", "$percentile"]);

/** Compiles an accumulator such as `{$avg: "$price"}`. @throws ServerError 40234, 15952, 40238 */
export function compileAccumulator(name: string, spec: Value): Accumulate {
  if (!isDocument(spec)) throw new ServerError(40234, `The field '${name}' must be an accumulator object`);
  const entries = Object.entries(spec);
  const [[operator, operand] = ["", undefined]] = entries;
  if (entries.length !== 1) throw new ServerError(40238, `The field '${name}' must specify one accumulator`);
  const ofValues = Object.hasOwn(OF_VALUES, operator) ? OF_VALUES[operator] : undefined;
  if (ofValues !== undefined) return overValues(operand, ofValues);
  if (operator === "$count") return (documents) => documents.length;
  if (isDocument(operand)) {
    const ofMany = Object.hasOwn(OF_MANY, operator) ? OF_MANY[operator] : undefined;
    if (ofMany !== undefined) return overMany(operand, ofMany);
    const sorted = Object.hasOwn(SORTED, operator) ? SORTED[operator] : undefined;
    if (sorted !== undefined) return overSorted(operand, sorted);
    if (BRIDGED.has(operator))
      return overValues(operand.input, (values) => accumulateBridged(operator, values, { ...operand }));
  }
  if (operator === "$accumulator") throw notSimulated("$accumulator");
  throw new ServerError(15952, `unknown group operator '${operator}'`);
}

function overValues(operand: Value, fold: (values: readonly Value[]) => Value): Accumulate {
  const evaluate = compileExpression(operand);
  return (documents, variables) => fold(documents.map((document) => evaluate(scopeOf(document, variables))));
}

function countOf(operand: Document, variables: Readonly<Record<string, Value>>): number {
  const count = numberOf(compileExpression(operand.n ?? 1)(scopeOf({}, variables)));
  if (count === undefined || !Number.isInteger(count) || count < 1)
    throw new ServerError(5787908, "'n' must be greater than 0");
  return count;
}

function overMany(operand: Document, fold: (values: readonly Value[], count: number) => Value): Accumulate {
  const evaluate = compileExpression(operand.input);
  return (documents, variables) =>
    fold(
      documents.map((document) => evaluate(scopeOf(document, variables)) ?? null),
      countOf(operand, variables),
    );
}

function overSorted(operand: Document, fold: (values: readonly Value[], count: number) => Value): Accumulate {
  if (!isDocument(operand.sortBy)) throw new ServerError(5788005, "Missing value for 'sortBy'");
  const order = compileSort(operand.sortBy, byCodePoint);
  const evaluate = compileExpression(operand.output);
  return (documents, variables) =>
    fold(
      documents.toSorted(order).map((document) => evaluate(scopeOf(document, variables)) ?? null),
      countOf(operand, variables),
    );
}
