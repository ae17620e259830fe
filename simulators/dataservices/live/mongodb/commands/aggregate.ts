import { runPipeline, stageOf } from "../aggregation/pipeline.ts";
import { Rows } from "../server/cursors.ts";
import { type Document, isArray, isDocument, type Value } from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import { type Call, type CommandTable, contextOf, documentsOf, requireHint } from "./call.ts";
import { openChangeStream } from "./change-streams.ts";
import { openCursor, userOf } from "./cursors.ts";
import { countIn, documentIn, type Fields, isOn, requireList } from "./fields.ts";
import { requireName } from "../storage/collection.ts";
import { collectionStatistics, indexStatistics } from "./statistics.ts";
import { writeResult } from "./write-result.ts";

const FIELDS: Fields = {
  pipeline: "array",
  explain: "bool",
  cursor: "object",
  allowDiskUse: "bool",
  bypassDocumentValidation: "bool",
  collation: "object",
  hint: "any",
  let: "object",
  rawData: "bool",
};

/** The collection that an aggregation reads; undefined for one of a database. */
function sourceOf({ body, name }: Call): string | undefined {
  const source = body[name];
  return typeof source === "number" || typeof source === "bigint" ? undefined : requireName(source, "collection");
}

const isOutput = (name: string): boolean => name === "$out" || name === "$merge";

/** The documents with which a pipeline begins, and the remaining stages. */
function beginning(
  call: Call,
  source: string | undefined,
  pipeline: readonly Value[],
): readonly [readonly Document[], readonly Value[]] {
  const [first, ...rest] = pipeline;
  const [name, operand] = first === undefined ? ["", undefined] : stageOf(first);
  if (name === "$collStats" && source !== undefined) return [collectionStatistics(call, source, operand), rest];
  if (name === "$indexStats" && source !== undefined) return [indexStatistics(call, source), rest];
  if (name === "$currentOp" || name === "$listCatalog") throw notSimulated(`the stage ${name}`);
  if (source !== undefined) return [documentsOf(call, source), pipeline];
  if (name === "$listLocalSessions") return [call.server.sessions.list(userOf(call)), rest];
  if (name === "$documents") return [[], pipeline];
  throw new ServerError(
    "InvalidNamespace",
    "{aggregate: 1} is not valid for an empty pipeline, or for one that reads a collection",
  );
}

/** The documents of a pipeline, without its last stage if that writes. */
export function aggregateDocuments(
  call: Call,
  source: string | undefined,
  pipeline: readonly Value[],
): readonly Document[] {
  const collection = source === undefined ? undefined : call.server.store.catalog.find(call.database, source);
  requireHint(collection, call.body.hint);
  const [documents, stages] = beginning(call, source, pipeline);
  return runPipeline(stages, documents, contextOf(call, collection));
}

async function aggregate(call: Call): Promise<Document> {
  const { body, database } = call;
  const source = sourceOf(call);
  const pipeline = requireList("aggregate", body, "pipeline");
  if (isOn(body, "explain")) throw notSimulated("explain within aggregate: use the command explain");
  const cursor = documentIn(body, "cursor");
  if (cursor === undefined)
    throw new ServerError(
      "FailedToParse",
      "The 'cursor' option is required, except for aggregate with the explain argument",
    );
  const batchSize = countIn(cursor, "batchSize");
  const namespace = source === undefined ? `${database}.$cmd.aggregate` : `${database}.${source}`;
  const [first = {}] = pipeline;
  if (isDocument(first) && Object.hasOwn(first, "$changeStream"))
    return openChangeStream(call, source, pipeline, batchSize);
  const [last, operand] = pipeline.length === 0 ? ["", undefined] : stageOf(pipeline.at(-1));
  if (!isOutput(last))
    return openCursor(call, namespace, new Rows(aggregateDocuments(call, source, pipeline)), {
      batchSize,
      isSingle: false,
    });
  const { readConcern } = body;
  if (isDocument(readConcern) && readConcern.level === "linearizable")
    throw new ServerError("InvalidOptions", `${last} cannot be used with a 'linearizable' read concern level`);
  if (call.transaction !== undefined)
    throw new ServerError("OperationNotSupportedInTransaction", `${last} cannot be used in a transaction`);
  await writeResult(call, last, operand, () => aggregateDocuments(call, source, pipeline.slice(0, -1)));
  return openCursor(call, namespace, new Rows([]), { batchSize, isSingle: false });
}

/** Aggregation. `authorize.ts` decides about rights for `$out`, `$merge` and other collections. */
export const AGGREGATE_COMMANDS: CommandTable = {
  aggregate: { action: "find", fields: FIELDS, isForTransactions: true, run: aggregate },
};

/** Whether the pipeline writes. */
export function outputOf(body: Document): Value {
  const last = isArray(body.pipeline) ? body.pipeline.at(-1) : undefined;
  const [name, operand] = isDocument(last) ? (Object.entries(last)[0] ?? []) : [];
  return name !== undefined && isOutput(name) ? operand : undefined;
}
