import { BSONRegExp, type Timestamp } from "bson";
import type { PipelineContext } from "../aggregation/context.ts";
import { runPipeline, stageOf } from "../aggregation/pipeline.ts";
import { compileFilter, elementPredicate, type FilterContext } from "../query/match.ts";
import { componentsOf } from "../query/paths.ts";
import { equals, isIdentical } from "../values/compare.ts";
import { type Document, type Draft, fieldOf, isArray, isDocument, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { UPDATE_OPERATORS, type UpdateScope } from "./operators.ts";
import { expandPath, type Positions } from "./paths.ts";
import { type Change, changeAt } from "./set-at.ts";

/** The context in which an update is compiled. */
export interface UpdateContext {
  readonly filter: FilterContext;
  readonly pipeline: PipelineContext;
  readonly arrayFilters: Value;
  readonly now: Date;
  readonly time: Timestamp;
}

/** Updates a document; `index` is the position at which its filter matched in an array. */
type Update = (document: Document, index: number | undefined, isInsert: boolean) => Document;

/** A compiled update. */
export interface CompiledUpdate {
  readonly apply: Update;
  readonly isReplacement: boolean;
}

/**
 * Compiles an update: operators, a replacement, or a pipeline.
 *
 * @throws ServerError FailedToParse, ConflictingUpdateOperators, and the refusals of the operators
 */
export function compileUpdate(update: Value, context: UpdateContext): CompiledUpdate {
  if (isArray(update)) return { apply: keepId(pipelineUpdate(update, context)), isReplacement: false };
  if (!isDocument(update))
    throw new ServerError("FailedToParse", "Update argument must be either an object or an array");
  const [first] = Object.keys(update);
  if (first?.startsWith("$") === true) return { apply: keepId(operatorUpdate(update, context)), isReplacement: false };
  for (const name of Object.keys(update))
    if (name.startsWith("$"))
      throw new ServerError(
        "DollarPrefixedFieldName",
        `The dollar ($) prefixed field '${name}' in '${name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
      );
  if (context.arrayFilters !== undefined)
    throw new ServerError("FailedToParse", "arrayFilters may not be specified for replacement-style updates");
  return {
    apply: keepId((document) => ({ ...("_id" in document ? { _id: document._id } : {}), ...update })),
    isReplacement: true,
  };
}

/** `_id` stays as it is, and first. */
function keepId(apply: Update): Update {
  return (document, index, isInsert) => {
    const made = apply(document, index, isInsert);
    const id = fieldOf(document, "_id");
    if (isInsert && id === undefined) return made;
    if (fieldOf(made, "_id") === undefined || !isIdentical(fieldOf(made, "_id"), id)) {
      if (fieldOf(made, "_id") !== undefined && equals(fieldOf(made, "_id"), id)) return { ...made, _id: id };
      throw new ServerError(
        "ImmutableField",
        "Performing an update on the path '_id' would modify the immutable field '_id'",
      );
    }
    return made;
  };
}

const PIPELINE_STAGES = new Set(["$addFields", "$set", "$project", "$unset", "$replaceRoot", "$replaceWith"]);

function pipelineUpdate(pipeline: readonly Value[], { pipeline: context, arrayFilters }: UpdateContext): Update {
  if (arrayFilters !== undefined)
    throw new ServerError("FailedToParse", "arrayFilters may not be specified for pipeline-syle updates");
  for (const stage of pipeline)
    if (!PIPELINE_STAGES.has(stageOf(stage)[0]))
      throw new ServerError("InvalidOptions", `${stageOf(stage)[0]} is not allowed to be used within an update`);
  return (document) => {
    const [made = {}] = runPipeline(pipeline, [document], context);
    return "_id" in made || !("_id" in document) ? made : { _id: document._id, ...made };
  };
}

interface Step {
  readonly path: string;
  readonly components: readonly string[];
  readonly change: (scope: UpdateScope) => Change;
}

function operatorUpdate(update: Document, context: UpdateContext): Update {
  const steps = Object.entries(update).flatMap(([name, fields]) => stepsOf(name, fields));
  const renames = isDocument(update.$rename) ? Object.entries(update.$rename).map(renameOf) : [];
  requireApart([...steps.map(({ path }) => path), ...renames.flat()]);
  const sorted = steps.toSorted((a, b) => byPath(a.components, b.components));
  const filters = filtersOf(context.arrayFilters, context.filter);
  requireUsed(filters, sorted);
  const scope = (isInsert: boolean): UpdateScope => ({
    now: context.now,
    time: context.time,
    isInsert,
    elementFits: (operand) => elementPredicate(operand, context.filter),
  });
  // A wrong operand is refused even if nothing matches.
  for (const step of sorted) step.change(scope(false));
  return (document, index, isInsert) => {
    const positions: Positions = { index, filters };
    const renamed = renames.reduce((made, [from, to]) => rename(made, from, to), document);
    return sorted.reduce((made, { components, change }) => {
      const apply = change(scope(isInsert));
      return expandPath(made, components, positions).reduce((each, path) => changeAt(each, path, apply), made);
    }, renamed);
  };
}

function stepsOf(name: string, fields: Value): readonly Step[] {
  const operator = Object.hasOwn(UPDATE_OPERATORS, name) ? UPDATE_OPERATORS[name] : undefined;
  if (operator === undefined && name !== "$rename")
    throw new ServerError(
      "FailedToParse",
      `Unknown modifier: ${name}. Expected a valid update modifier or pipeline-style update specified as an array`,
    );
  if (!isDocument(fields))
    throw new ServerError(
      "FailedToParse",
      `Modifiers operate on fields but we found type ${typeof fields} instead. For example: {$mod: {<field>: ...}}`,
    );
  if (operator === undefined) return [];
  return Object.entries(fields).map(([path, operand]) => {
    const components = componentsOf(path);
    if (components.some((part) => part === ""))
      throw new ServerError(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
    return { path, components, change: (scope) => operator(operand, path, scope) };
  });
}

function renameOf([from, to]: readonly [string, Value]): readonly [string, string] {
  if (typeof to !== "string") throw new ServerError("BadValue", `The 'to' field for $rename must be a string: ${from}`);
  if (/(^|\.)\$/.test(from) || /(^|\.)\$/.test(to))
    throw new ServerError("BadValue", "The source or destination field for $rename may not be dynamic");
  return [from, to];
}

function rename(document: Document, from: string, to: string): Document {
  let value: Value;
  const without = changeAt(document, componentsOf(from), (there) => {
    value = there;
    return undefined;
  });
  return value === undefined ? document : changeAt(without, componentsOf(to), () => value);
}

/** @throws ServerError ConflictingUpdateOperators if one path is a prefix of another */
function requireApart(paths: readonly string[]): void {
  const seen = new Set<string>();
  const sorted = paths.toSorted();
  for (const path of sorted) {
    const parts = componentsOf(path);
    const prefix = parts.map((_part, at) => parts.slice(0, at + 1).join(".")).find((each) => seen.has(each));
    if (prefix !== undefined)
      throw new ServerError(
        "ConflictingUpdateOperators",
        `Updating the path '${path}' would create a conflict at '${prefix}'`,
      );
    seen.add(path);
  }
}

/** Fields are sorted by name, indexes numerically. */
function byPath(a: readonly string[], b: readonly string[]): number {
  for (const [at, part] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    if (part === other) continue;
    const [x, y] = [Number(part), Number(other)];
    return Number.isInteger(x) && Number.isInteger(y) ? x - y : part < other ? -1 : 1;
  }
  return a.length < b.length ? -1 : 0;
}

const IDENTIFIER = /^[a-z][a-zA-Z0-9]*$/;

function filtersOf(given: Value, context: FilterContext): Positions["filters"] {
  if (given === undefined) return new Map();
  if (!isArray(given)) throw new ServerError("TypeMismatch", "arrayFilters must be an array");
  return new Map(
    given.map((filter) => {
      if (!isDocument(filter)) throw new ServerError("TypeMismatch", "an array filter must be an object");
      const names = new Set(rootsOf(filter));
      const [name] = names;
      if (name === undefined || names.size > 1)
        throw new ServerError(
          "FailedToParse",
          `Error parsing array filter :: caused by :: Expected a single top-level field name, found '${[...names].join("' and '")}'`,
        );
      if (!IDENTIFIER.test(name))
        throw new ServerError(
          "BadValue",
          `Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${name}'`,
        );
      const predicate = compileFilter(filter, context);
      return [name, (value: Value) => predicate({ [name]: value })] as const;
    }),
  );
}

/** The first components of all paths in a filter. */
function rootsOf(filter: Document): readonly string[] {
  return Object.entries(filter).flatMap(([name, value]) => {
    if (!name.startsWith("$")) return [componentsOf(name)[0] ?? ""];
    return isArray(value) ? value.filter((each) => isDocument(each)).flatMap(rootsOf) : [];
  });
}

function requireUsed(filters: Positions["filters"], steps: readonly Step[]): void {
  for (const name of filters.keys())
    if (!steps.some(({ components }) => components.includes(`$[${name}]`)))
      throw new ServerError("FailedToParse", `The array filter for identifier '${name}' was not used in the update`);
}

/** The document from which an upsert starts: the equalities of the filter. @throws ServerError NotSingleValueField */
export function seedOf(filter: Document): Document {
  return Object.entries(filter).reduce<Document>((made, [name, value]) => {
    if (name === "$and" && isArray(value))
      return value.filter((each) => isDocument(each)).reduce((all, each) => ({ ...all, ...seedOf(each) }), made);
    if (name === "$or" && isArray(value) && value.length === 1 && isDocument(value[0]))
      return { ...made, ...seedOf(value[0]) };
    if (name.startsWith("$")) return made;
    const equal = equalityOf(value);
    return equal === undefined ? made : changeAt(made, componentsOf(name), () => equal);
  }, {} satisfies Draft);
}

function equalityOf(value: Value): Value {
  if (value instanceof BSONRegExp) return undefined;
  if (!isDocument(value) || Object.keys(value)[0]?.startsWith("$") !== true) return value;
  if (Object.hasOwn(value, "$eq")) return value.$eq;
  const list = value.$in ?? value.$all;
  return isArray(list) && list.length === 1 && !isDocument(list[0]) ? list[0] : undefined;
}
