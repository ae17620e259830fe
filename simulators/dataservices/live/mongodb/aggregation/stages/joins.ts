import { compileFilter } from "../../query/match.ts";
import { componentsOf, terminals } from "../../query/paths.ts";
import { keyOf } from "../../values/key.ts";
import { type Document, isArray, isDocument, numberOf, type Value } from "../../values/value.ts";
import { notSimulated, ServerError } from "../../wire/errors.ts";
import { compileExpression } from "../expressions.ts";
import { filterContextOf, type PipelineContext } from "../context.ts";
import { resolve, scopeOf } from "../scope.ts";
import { setPath } from "./set-path.ts";
import {
  collect,
  documentOperand,
  pipelineOperand,
  type RunPipeline,
  type Stage,
  type StageTable,
  textOperand,
} from "./table.ts";

/** The values by which two documents are joined: an array counts with its elements as well, a missing value as null. */
function keysAt(document: Document, path: readonly string[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { value } of terminals(document, path)) {
    keys.add(keyOf(value ?? null));
    if (isArray(value)) for (const each of value) keys.add(keyOf(each));
  }
  return keys;
}

/** Documents by the values at a path. */
function indexBy(
  documents: readonly Document[],
  path: readonly string[],
): (document: Document, local: readonly string[]) => readonly Document[] {
  const places = new Map<string, number[]>();
  for (const [at, document] of documents.entries())
    for (const key of keysAt(document, path)) {
      const there = places.get(key);
      if (there === undefined) places.set(key, [at]);
      else there.push(at);
    }
  return (document, local) => {
    const found = new Set([...keysAt(document, local)].flatMap((key) => places.get(key) ?? []));
    return documents.filter((_document, at) => found.has(at));
  };
}

function foreignOf(from: Value, name: string): string {
  if (isDocument(from)) throw notSimulated(`${name} from another database`);
  return textOperand(from, `'from' of ${name}`);
}

function lookup(operand: Value, context: PipelineContext, run: RunPipeline): Stage {
  const spec = documentOperand(operand, "$lookup");
  const { from, as, localField, foreignField, pipeline, let: bound } = spec;
  const target = componentsOf(textOperand(as, "'as' of $lookup"));
  const isJoin = localField !== undefined || foreignField !== undefined;
  if (!isJoin && pipeline === undefined)
    throw new ServerError(
      "FailedToParse",
      "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified",
    );
  const [local, foreign] = isJoin
    ? [localField, foreignField].map((each) => componentsOf(textOperand(each, "a field of $lookup")))
    : [undefined, undefined];
  const variables = Object.entries(isDocument(bound) ? bound : {}).map(
    ([name, value]) => [name, compileExpression(value)] as const,
  );
  const stages = pipeline === undefined ? undefined : pipelineOperand(pipeline, "$lookup");
  return (documents) => {
    const rows = from === undefined ? [] : context.read(foreignOf(from, "$lookup"));
    const find = local === undefined || foreign === undefined ? undefined : indexBy(rows, foreign);
    return documents.map((document) => {
      const joined = find === undefined || local === undefined ? rows : find(document, local);
      if (stages === undefined) return setPath(document, target, joined);
      const scope = scopeOf(document, context.variables);
      const own = Object.fromEntries(variables.map(([name, part]) => [name, part(scope)]));
      return setPath(
        document,
        target,
        run(stages, joined, { ...context, variables: { ...context.variables, ...own } }),
      );
    });
  };
}

/** The most rounds of a recursive lookup: the longest chain of documents. */
const ROUNDS_MAX = 10_000;

function graphLookup(operand: Value, context: PipelineContext): Stage {
  const spec = documentOperand(operand, "$graphLookup");
  const { startWith, maxDepth, depthField, restrictSearchWithMatch: restriction } = spec;
  const target = componentsOf(textOperand(spec.as, "'as' of $graphLookup"));
  const [from, to] = [spec.connectFromField, spec.connectToField].map((each) =>
    componentsOf(textOperand(each, "a field of $graphLookup")),
  );
  const start = compileExpression(startWith);
  const deepest = Math.min(numberOf(maxDepth) ?? ROUNDS_MAX, ROUNDS_MAX);
  const fits = isDocument(restriction) ? compileFilter(restriction, filterContextOf(context)) : () => true;
  return (documents) => {
    const rows = context.read(foreignOf(spec.from, "$graphLookup")).filter((row) => fits(row));
    const find = indexBy(rows, to ?? []);
    return documents.map((document) => {
      const found = new Map<string, Document>();
      let wave: readonly Value[] = [start(scopeOf(document, context.variables))];
      for (let depth = 0; depth <= deepest && wave.length > 0; depth++) {
        const next = find({ wave: wave.flatMap((each) => (isArray(each) ? each : [each])) }, ["wave"]).filter(
          (row) => !found.has(keyOf(row._id)),
        );
        for (const row of next)
          found.set(keyOf(row._id), typeof depthField === "string" ? { ...row, [depthField]: BigInt(depth) } : row);
        wave = next.map((row) => resolve(row, from ?? []));
      }
      return setPath(document, target, [...found.values()]);
    });
  };
}

function unionWith(operand: Value, context: PipelineContext, run: RunPipeline): Stage {
  const spec: Document = typeof operand === "string" ? { coll: operand } : documentOperand(operand, "$unionWith");
  const stages = spec.pipeline === undefined ? [] : pipelineOperand(spec.pipeline, "$unionWith");
  return (documents) => {
    const others = spec.coll === undefined ? [] : context.read(textOperand(spec.coll, "'coll' of $unionWith"));
    return collect([...documents, ...run(stages, others, context)]);
  };
}

/** Stages that read other collections. */
export const JOIN_STAGES: StageTable = {
  $lookup: lookup,
  $graphLookup: (operand, context) => graphLookup(operand, context),
  $unionWith: unionWith,
  $documents: (operand, { variables }) => {
    const made = compileExpression(operand)(scopeOf({}, variables));
    if (!isArray(made) || !made.every((each) => isDocument(each)))
      throw new ServerError(5858203, "an array is expected from $documents");
    return () => made;
  },
};
