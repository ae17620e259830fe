import type { Document, Value } from "../../values/value.ts";
import { isArray, isDocument } from "../../values/value.ts";
import { ServerError } from "../../wire/errors.ts";
import type { PipelineContext } from "../context.ts";

/** A compiled stage. */
export type Stage = (documents: readonly Document[]) => readonly Document[];

/** Runs a pipeline within a stage. */
export type RunPipeline = (
  pipeline: readonly Value[],
  documents: readonly Document[],
  context: PipelineContext,
) => readonly Document[];

/** Stages by name. */
export type StageTable = Readonly<
  Record<string, (operand: Value, context: PipelineContext, run: RunPipeline) => Stage>
>;

/** How many documents one stage may produce. */
const DOCUMENTS_MAX = 1_000_000;

/** Collects the output of a stage. @throws ServerError ExceededMemoryLimit */
export function collect(made: Iterable<Document>): readonly Document[] {
  const all: Document[] = [];
  for (const document of made) {
    if (all.length === DOCUMENTS_MAX)
      throw new ServerError("ExceededMemoryLimit", `a stage made over ${DOCUMENTS_MAX} documents`);
    all.push(document);
  }
  return all;
}

/** @throws ServerError FailedToParse */
export function documentOperand(
  operand: Value,
  name: string,
  code: number | "FailedToParse" = "FailedToParse",
): Document {
  if (!isDocument(operand)) throw new ServerError(code, `the ${name} stage specification must be an object`);
  return operand;
}

/** @throws ServerError FailedToParse */
export function pipelineOperand(value: Value, name: string): readonly Value[] {
  if (!isArray(value)) throw new ServerError("TypeMismatch", `'pipeline' of ${name} must be an array`);
  return value;
}

/** @throws ServerError FailedToParse */
export function textOperand(value: Value, what: string): string {
  if (typeof value !== "string") throw new ServerError("FailedToParse", `${what} must be a string`);
  return value;
}
