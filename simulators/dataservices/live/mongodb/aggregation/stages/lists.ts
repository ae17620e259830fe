import { compileSort } from "../../query/sort.ts";
import { type Document, isArray, isDocument, numberOf, type Value } from "../../values/value.ts";
import { ServerError } from "../../wire/errors.ts";
import { compileExpression } from "../expressions.ts";
import { compileMatch } from "../context.ts";
import { resolve, scopeOf } from "../scope.ts";
import { setPath } from "./set-path.ts";
import { collect, documentOperand, type Stage, type StageTable } from "./table.ts";

function countOperand(operand: Value, name: string, least: number, code: number): number {
  const count = numberOf(operand);
  if (count === undefined || !Number.isInteger(count) || count < least)
    throw new ServerError(
      code,
      `invalid argument to ${name} stage: expected ${least === 0 ? "a non-negative" : "a positive"} number in: ${name}: ${String(operand)}`,
    );
  return count;
}

function unwind(operand: Value): Stage {
  const spec: Document = typeof operand === "string" ? { path: operand } : documentOperand(operand, "$unwind", 15981);
  const { path: text, includeArrayIndex: index, preserveNullAndEmptyArrays: keeps } = spec;
  if (typeof text !== "string" || !text.startsWith("$"))
    throw new ServerError(28818, "path option to $unwind stage should be prefixed with a '$'");
  const path = text.slice(1).split(".");
  const place = (document: Document, value: Value, at: number | undefined): Document => {
    const made = value === undefined ? document : setPath(document, path, value);
    return typeof index === "string" ? setPath(made, index.split("."), at === undefined ? null : BigInt(at)) : made;
  };
  function* unwindOne(document: Document): Generator<Document> {
    const value = resolve(document, path);
    if (isArray(value) && value.length > 0)
      for (const [at, each] of value.entries()) yield place(document, each ?? null, at);
    else if (isArray(value)) {
      if (keeps === true) yield place(setPath(document, path, undefined), undefined, undefined);
    } else if (value === undefined || value === null) {
      if (keeps === true) yield place(document, undefined, undefined);
    } else yield place(document, value, undefined);
  }
  return (documents) => collect(documents.values().flatMap(unwindOne));
}

function shuffle(documents: readonly Document[], count: number, random: () => number): readonly Document[] {
  const left = [...documents];
  const drawn: Document[] = [];
  while (drawn.length < count && left.length > 0) drawn.push(...left.splice(Math.floor(random() * left.length), 1));
  return drawn;
}

function redact(operand: Value, variables: Readonly<Record<string, Value>>): Stage {
  const evaluate = compileExpression(operand);
  const prune = (value: Value, root: Document): Value => {
    if (isArray(value)) return value.map((each) => prune(each, root)).filter((each) => each !== undefined);
    if (!isDocument(value)) return value;
    const verdict = evaluate({ ...scopeOf(root, variables), current: value });
    if (verdict === "$$KEEP") return value;
    if (verdict === "$$PRUNE") return undefined;
    if (verdict !== "$$DESCEND")
      throw new ServerError(
        17053,
        "$redact must not return anything aside from the variables $$KEEP, $$DESCEND, and $$PRUNE",
      );
    return Object.fromEntries(
      Object.entries(value)
        .map(([name, each]) => [name, prune(each, root)] as const)
        .filter(([, each]) => each !== undefined),
    );
  };
  return (documents) => documents.map((document) => prune(document, document)).filter((each) => isDocument(each));
}

/** Stages that choose and order documents. */
export const LIST_STAGES: StageTable = {
  $match: (operand, context) => {
    const fits = compileMatch(documentOperand(operand, "$match", 15959), context);
    return (documents) => documents.filter((document) => fits(document));
  },
  $sort: (operand, { texts }) => {
    const spec = documentOperand(operand, "$sort", 15973);
    if (Object.keys(spec).length === 0) throw new ServerError(15976, "$sort stage must have at least one sort key");
    const order = compileSort(spec, texts);
    return (documents) => documents.toSorted(order);
  },
  $limit: (operand) => {
    const count = countOperand(operand, "$limit", 1, 15958);
    return (documents) => documents.slice(0, count);
  },
  $skip: (operand) => {
    const count = countOperand(operand, "$skip", 0, 5107200);
    return (documents) => documents.slice(count);
  },
  $sample: (operand, { random }) => {
    const count = countOperand(documentOperand(operand, "$sample", 28745).size, "$sample", 1, 28747);
    return (documents) => shuffle(documents, count, random);
  },
  $unwind: (operand) => unwind(operand),
  $redact: (operand, { variables }) => redact(operand, variables),
};
