import { BSONRegExp, DBRef } from "bson";
import { byCodePoint, type TextOrder } from "../values/compare.ts";
import { type Document, fieldOf, isArray, isDocument, isTruthy, type Value } from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import { compileSchema } from "./json-schema.ts";
import { all, any, type Condition, condition, fitsValue, not, type Predicate, predicateOf } from "./conditions.ts";
import {
  bitsTest,
  equalTo,
  exactRegex,
  memberOf,
  modTest,
  orderTest,
  refuseRegex,
  regexOf,
  sizeTest,
  type Test,
  typeTest,
} from "./operators.ts";
import { componentsOf } from "./paths.ts";
import { compileRegex } from "./regex.ts";

export type { MatchDetails, Predicate } from "./conditions.ts";

/** Evaluates `$expr`: aggregation provides it, and knows the variables. */
type ExpressionTest = (expression: Value) => (document: Document) => Value;

/** The context in which a filter is compiled. */
export interface FilterContext {
  readonly texts: TextOrder;
  readonly expression: ExpressionTest;
}

/**
 * Compiles a filter (MongoDB manual, "Query and Projection Operators").
 *
 * @throws ServerError BadValue, FailedToParse; NotImplemented for `$where`, `$text` and geospatial operators
 */
export function compileFilter(filter: Document, context: FilterContext): Predicate {
  const predicates = Object.entries(filter).map(([name, value]) =>
    name.startsWith("$") ? compileTop(name, value, context) : compileField(name, value, context),
  );
  return (document, details) => predicates.every((predicate) => predicate(document, details));
}

/** A context without collation and without `$expr`. */
export const PLAIN_CONTEXT: FilterContext = {
  texts: byCodePoint,
  expression: () => {
    throw new ServerError("BadValue", "$expr is not allowed in this context");
  },
};

function listOf(name: string, value: Value, context: FilterContext): readonly Predicate[] {
  if (!isArray(value)) throw new ServerError("BadValue", `${name} must be an array`);
  if (value.length === 0) throw new ServerError("BadValue", `${name} argument must be a non-empty array`);
  return value.map((each) => {
    if (!isDocument(each)) throw new ServerError("BadValue", "$or/$and/$nor entries need to be full objects");
    return compileFilter(each, context);
  });
}

function compileTop(name: string, value: Value, context: FilterContext): Predicate {
  switch (name) {
    case "$and":
      return all(listOf(name, value, context));
    case "$or":
      return any(listOf(name, value, context));
    case "$nor":
      return not(any(listOf(name, value, context)));
    case "$expr":
      return compileExpression(value, context);
    case "$jsonSchema":
      return compileSchema(value);
    case "$comment":
      return () => true;
    case "$alwaysTrue":
      return () => true;
    case "$alwaysFalse":
      return () => false;
    case "$where":
    case "$text":
    case "$sampleRate":
      throw notSimulated(name);
    default:
      throw new ServerError(
        "BadValue",
        `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
      );
  }
}

function compileExpression(expression: Value, context: FilterContext): Predicate {
  const evaluate = context.expression(expression);
  return (document) => isTruthy(evaluate(document));
}

const REFERENCE = new Set(["$ref", "$id", "$db"]);

/** Whether it is a document of operators, rather than a value to compare with. */
function areOperators(value: Value): value is Document {
  if (!isDocument(value)) return false;
  const [first] = Object.keys(value);
  return first?.startsWith("$") === true && !REFERENCE.has(first) && !(value instanceof DBRef);
}

function compileField(path: string, value: Value, context: FilterContext): Predicate {
  const conditions = areOperators(value)
    ? compileOperators(value, context)
    : [condition(equalTo(value, context.texts))];
  const components = componentsOf(path);
  const predicates = conditions.map((each) => predicateOf(components, each));
  return predicates.length === 1 && predicates[0] !== undefined ? predicates[0] : all(predicates);
}

type Operator = (operand: Value, context: FilterContext) => Condition | readonly Condition[];

const OPERATORS: Readonly<Record<string, Operator>> = {
  $eq: (operand, { texts }) => condition(operand instanceof BSONRegExp ? exactRegex(operand) : equalTo(operand, texts)),
  $ne: (operand, { texts }) => condition(equalTo(refuseRegex(operand, "$ne"), texts), true, true),
  $gt: (operand, { texts }) => condition(orderTest(operand, (order) => order > 0, texts)),
  $gte: (operand, { texts }) => condition(orderTest(operand, (order) => order >= 0, texts)),
  $lt: (operand, { texts }) => condition(orderTest(operand, (order) => order < 0, texts)),
  $lte: (operand, { texts }) => condition(orderTest(operand, (order) => order <= 0, texts)),
  $in: (operand, { texts }) => condition(memberOf(operand, texts, "$in")),
  $nin: (operand, { texts }) => condition(memberOf(operand, texts, "$nin"), true, true),
  $exists: (operand) => condition((value) => value !== undefined, false, !isTruthy(operand)),
  $type: (operand) => condition(typeTest(operand).test, !typeTest(operand).wantsArray || isArray(operand)),
  $mod: (operand) => condition(modTest(operand)),
  $size: (operand) => condition(sizeTest(operand), false),
  $bitsAllSet: (operand) => condition(bitsTest(operand, (bits, mask) => (bits & mask) === mask)),
  $bitsAnySet: (operand) => condition(bitsTest(operand, (bits, mask) => (bits & mask) !== 0n)),
  $bitsAllClear: (operand) => condition(bitsTest(operand, (bits, mask) => (bits & mask) === 0n)),
  $bitsAnyClear: (operand) => condition(bitsTest(operand, (bits, mask) => (bits & mask) !== mask)),
  $elemMatch: (operand, context) => condition(elementTest(operand, context), false),
  $all: allOf,
  $not: negation,
};

/** Compiles operators such as `{$gt: 1, $lt: 5}`. */
function compileOperators(operators: Document, context: FilterContext): readonly Condition[] {
  return Object.entries(operators).flatMap(([name, operand]): readonly Condition[] => {
    if (name === "$regex") return [condition(regexOf(operand, fieldOf(operators, "$options")))];
    if (name === "$options") {
      if (!Object.hasOwn(operators, "$regex")) throw new ServerError("BadValue", "$options needs a $regex");
      return [];
    }
    if (/^\$(near|nearSphere|geoWithin|geoIntersects|within)$/.test(name)) throw notSimulated(name);
    const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
    if (operator === undefined) throw new ServerError("BadValue", `unknown operator: ${name}`);
    const conditions = operator(operand, context);
    return "test" in conditions ? [conditions] : conditions;
  });
}

function negation(operand: Value, context: FilterContext): Condition {
  if (operand instanceof BSONRegExp) return condition(compileRegex(operand.pattern, operand.options), true, true);
  if (!areOperators(operand)) throw new ServerError("BadValue", "$not needs a regex or a document");
  const conditions = compileOperators(operand, context);
  return condition((value) => conditions.every((each) => fitsValue(value, each)), false, true);
}

/** `$elemMatch`: a filter for documents, operators for values. The test knows the element, for the positional operator. */
function elementTest(operand: Value, context: FilterContext): Test {
  if (!isDocument(operand)) throw new ServerError("BadValue", "$elemMatch needs an Object");
  const fits = elementPredicate(operand, context);
  const elementIn = (value: Value): number => (isArray(value) ? value.findIndex(fits) : -1);
  return Object.assign((value: Value) => elementIn(value) !== -1, { elementIn });
}

/** The condition of `$elemMatch` and `$pull` on each element. */
export function elementPredicate(operand: Document, context: FilterContext): Test {
  const isOfValues =
    areOperators(operand) && !/^\$(and|or|nor|where|expr|jsonSchema)$/.test(Object.keys(operand)[0] ?? "");
  if (isOfValues) {
    const conditions = compileOperators(operand, context);
    return (value) => conditions.every((each) => fitsValue(value, each));
  }
  const predicate = compileFilter(operand, context);
  return (value) =>
    isDocument(value) ? predicate(value) : isArray(value) && predicate(Object.fromEntries(value.entries()));
}

function allOf(operand: Value, context: FilterContext): readonly Condition[] {
  if (!isArray(operand)) throw new ServerError("BadValue", "$all needs an array");
  if (operand.length === 0) return [condition(() => false)];
  return operand.map((each) => {
    const element = isDocument(each) ? fieldOf(each, "$elemMatch") : undefined;
    if (element !== undefined) return condition(elementTest(element, context), false);
    if (areOperators(each)) throw new ServerError("BadValue", "no $ expressions in $all");
    return condition(equalTo(each, context.texts));
  });
}
