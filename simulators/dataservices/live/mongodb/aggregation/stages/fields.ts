import { compileProjection } from "../../query/projection.ts";
import { type Document, isArray, isDocument, typeOf, type Value } from "../../values/value.ts";
import { ServerError } from "../../wire/errors.ts";
import { compileExpression } from "../expressions.ts";
import { filterContextOf, type PipelineContext } from "../context.ts";
import { type Evaluate, scopeOf } from "../scope.ts";
import { setPath } from "./set-path.ts";
import { documentOperand, type Stage, type StageTable } from "./table.ts";

type Assignment = readonly [readonly string[], Evaluate];

/** The paths of `$addFields` with their expressions; a document without operators continues a path. */
function assignmentsOf(spec: Document, prefix: readonly string[] = []): readonly Assignment[] {
  return Object.entries(spec).flatMap(([name, value]): readonly Assignment[] => {
    if (name === "" || name.startsWith("$"))
      throw new ServerError(16410, `FieldPath field names may not start with '$': ${name}`);
    const path = [...prefix, ...name.split(".")];
    const isNested =
      isDocument(value) && Object.keys(value).length > 0 && Object.keys(value)[0]?.startsWith("$") !== true;
    return isNested ? assignmentsOf(value, path) : [[path, compileExpression(value)]];
  });
}

function addFields(operand: Value, { variables }: PipelineContext): Stage {
  const assignments = assignmentsOf(documentOperand(operand, "$addFields", 40272));
  return (documents) =>
    documents.map((document) => {
      const scope = scopeOf(document, variables);
      return assignments.reduce((made, [path, evaluate]) => setPath(made, path, evaluate(scope)), document);
    });
}

function project(spec: Document, context: PipelineContext): Stage {
  if (Object.keys(spec).length === 0)
    throw new ServerError(
      51272,
      "Invalid $project :: caused by :: projection specification must have at least one field",
    );
  const shape = compileProjection(spec, {
    filter: filterContextOf(context),
    compile: compileExpression,
    isFind: false,
  });
  return (documents) => documents.map((document) => shape(document, scopeOf(document, context.variables)));
}

function unset(operand: Value, context: PipelineContext): Stage {
  const names = isArray(operand) ? operand : [operand];
  if (names.length === 0 || !names.every((name) => typeof name === "string"))
    throw new ServerError(31002, "$unset specification must be a string or an array of strings");
  return project(Object.fromEntries(names.map((name) => [name, 0])), context);
}

function replaceWith(operand: Value, { variables }: PipelineContext): Stage {
  const evaluate = compileExpression(operand);
  return (documents) =>
    documents.map((document) => {
      const made = evaluate(scopeOf(document, variables));
      if (!isDocument(made))
        throw new ServerError(
          40228,
          `'newRoot' expression must evaluate to an object, but resulting value was of type: ${typeOf(made)}`,
        );
      return made;
    });
}

/** Stages that give each document another shape. */
export const FIELD_STAGES: StageTable = {
  $addFields: addFields,
  $set: addFields,
  $project: (operand, context) => project(documentOperand(operand, "$project", 15969), context),
  $unset: unset,
  $replaceWith: replaceWith,
  $replaceRoot: (operand, context) => replaceWith(documentOperand(operand, "$replaceRoot", 40229).newRoot, context),
};
