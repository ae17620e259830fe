import { type Document, isDocument, type Value } from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import type { PipelineContext } from "./context.ts";
import { FIELD_STAGES } from "./stages/fields.ts";
import { GROUP_STAGES } from "./stages/groups.ts";
import { JOIN_STAGES } from "./stages/joins.ts";
import { LIST_STAGES } from "./stages/lists.ts";
import type { StageTable } from "./stages/table.ts";
import { WINDOW_STAGES } from "./stages/windows.ts";

const STAGES: StageTable = { ...LIST_STAGES, ...FIELD_STAGES, ...GROUP_STAGES, ...JOIN_STAGES, ...WINDOW_STAGES };

/** Stages that a real server has and this engine lacks. */
const ABSENT = new Set(
  "$geoNear $search $searchMeta $vectorSearch $listSearchIndexes $planCacheStats $listSessions $querySettings $shardedDataDistribution $changeStreamSplitLargeEvent $rankFusion".split(
    " ",
  ),
);

/** Stages that stand at one end of a pipeline and are carried out by the command. */
const OF_COMMAND = new Set([
  "$out",
  "$merge",
  "$changeStream",
  "$collStats",
  "$indexStats",
  "$currentOp",
  "$listCatalog",
  "$listLocalSessions",
]);

/** The name and the operand of a stage. @throws ServerError 40323 */
export function stageOf(stage: Value): readonly [string, Value] {
  const [entry, ...others] = isDocument(stage) ? Object.entries(stage) : [];
  if (entry === undefined || others.length > 0)
    throw new ServerError("StageNotAlone", "A pipeline stage specification object must contain exactly one field.");
  return entry;
}

/** Runs stages one after another. @throws ServerError 40324 for an unknown stage; NotImplemented */
export function runPipeline(
  pipeline: readonly Value[],
  documents: readonly Document[],
  context: PipelineContext,
): readonly Document[] {
  // All stages are compiled first: an error in the last must not depend on the results of the first.
  const stages = pipeline.map((stage) => {
    const [name, operand] = stageOf(stage);
    const compile = Object.hasOwn(STAGES, name) ? STAGES[name] : undefined;
    if (compile !== undefined) return compile(operand, context, runPipeline);
    if (ABSENT.has(name)) throw notSimulated(`the stage ${name}`);
    if (OF_COMMAND.has(name))
      throw new ServerError(
        40601,
        `${name} can only be the ${name === "$out" || name === "$merge" ? "final" : "first"} stage in the pipeline`,
      );
    throw new ServerError("UnknownPipelineStage", `Unrecognized pipeline stage name: '${name}'`);
  });
  return stages.reduce<readonly Document[]>((rows, stage) => stage(rows), documents);
}
