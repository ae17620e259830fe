import { compare } from "../../values/compare.ts";
import { keyOf } from "../../values/key.ts";
import { type Document, type Draft, isArray, isDocument, type Value } from "../../values/value.ts";
import { ServerError } from "../../wire/errors.ts";
import { compileAccumulator } from "../accumulators.ts";
import { compileExpression } from "../expressions.ts";
import type { PipelineContext } from "../context.ts";
import { scopeOf } from "../scope.ts";
import { documentOperand, pipelineOperand, type Stage, type StageTable, textOperand } from "./table.ts";

interface Group {
  readonly id: Value;
  readonly documents: Document[];
}

/** Documents by the value of an expression, in the order in which the values first occur. */
function partition(documents: readonly Document[], idOf: (document: Document) => Value): Iterable<Group> {
  const groups = new Map<string, Group>();
  for (const document of documents) {
    const id = idOf(document) ?? null;
    const key = keyOf(id);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { id, documents: [document] });
    else group.documents.push(document);
  }
  return groups.values();
}

function compileOutput(spec: Document): (group: Group, variables: PipelineContext["variables"]) => Document {
  const fields = Object.entries(spec).map(([name, value]) => {
    if (name.includes(".")) throw new ServerError(40235, `The field name '${name}' cannot contain '.'`);
    if (name.startsWith("$")) throw new ServerError(40236, `The field name '${name}' cannot be an operator name`);
    return [name, compileAccumulator(name, value)] as const;
  });
  return ({ id, documents }, variables) => {
    const made: Draft = { _id: id };
    for (const [name, accumulate] of fields) made[name] = accumulate(documents, variables);
    return made;
  };
}

function group(operand: Value, { variables }: PipelineContext): Stage {
  const { _id, ...spec } = documentOperand(operand, "$group", 15947);
  if (_id === undefined) throw new ServerError(15955, "a group specification must include an _id");
  const evaluate = compileExpression(_id);
  const output = compileOutput(spec);
  return (documents) =>
    [...partition(documents, (document) => evaluate(scopeOf(document, variables)))].map((each) =>
      output(each, variables),
    );
}

const COUNT: Document = { count: { $sum: 1 } };

function bucket(operand: Value, { variables }: PipelineContext): Stage {
  const spec = documentOperand(operand, "$bucket", 40201);
  const { groupBy, boundaries, default: otherwise, output } = spec;
  if (groupBy === undefined || !isArray(boundaries) || boundaries.length < 2)
    throw new ServerError(40198, "$bucket requires 'groupBy' and 'boundaries' of at least two values");
  if (boundaries.some((each, at) => at > 0 && compare(boundaries[at - 1], each) >= 0))
    throw new ServerError(40194, "The 'boundaries' option to $bucket must be sorted in ascending order");
  const evaluate = compileExpression(groupBy);
  const make = compileOutput(isDocument(output) ? output : COUNT);
  const idOf = (document: Document): Value => {
    const value = evaluate(scopeOf(document, variables));
    const at = boundaries.findLastIndex((each) => compare(each, value) <= 0);
    if (at !== -1 && at < boundaries.length - 1) return boundaries[at];
    if (!Object.hasOwn(spec, "default"))
      throw new ServerError(40066, "$bucket could not find a bucket for a value, and no default was specified.");
    return otherwise;
  };
  return (documents) =>
    [...partition(documents, idOf)].map((each) => make(each, variables)).sort((a, b) => compare(a._id, b._id));
}

/** Stages that turn many documents into one. */
export const GROUP_STAGES: StageTable = {
  $group: group,
  $bucket: bucket,
  $count: (operand) => {
    const name = textOperand(operand, "the count field");
    if (name === "" || name.startsWith("$") || name.includes("."))
      throw new ServerError(40158, "the count field must be a plain name");
    return (documents) => (documents.length === 0 ? [] : [{ [name]: documents.length }]);
  },
  $sortByCount: (operand, { variables }) => {
    const evaluate = compileExpression(operand);
    return (documents) =>
      [...partition(documents, (document) => evaluate(scopeOf(document, variables)))]
        .map((each) => ({ _id: each.id, count: each.documents.length }))
        .sort((a, b) => b.count - a.count);
  },
  $facet: (operand, context, run) => {
    const facets = Object.entries(documentOperand(operand, "$facet", 40169));
    if (facets.length === 0) throw new ServerError(40169, "the $facet specification must be a non-empty object");
    for (const [name, pipeline] of facets)
      for (const stage of pipelineOperand(pipeline, name))
        if (
          isDocument(stage) &&
          ["$out", "$merge", "$facet", "$collStats", "$indexStats"].some((each) => Object.hasOwn(stage, each))
        )
          throw new ServerError(40600, `${Object.keys(stage)[0]} is not allowed to be used within a $facet stage`);
    return (documents) => [
      Object.fromEntries(
        facets.map(([name, pipeline]) => [name, run(pipelineOperand(pipeline, name), documents, context)]),
      ),
    ];
  },
};
