import { Double } from "bson";
import { filterContextOf, type PipelineContext } from "../aggregation/context.ts";
import { compileExpression } from "../aggregation/expressions.ts";
import { scopeOf } from "../aggregation/scope.ts";
import { runPipeline } from "../aggregation/pipeline.ts";
import type { Action } from "../auth/roles.ts";
import { readCollation } from "../query/collation.ts";
import type { FilterContext } from "../query/match.ts";
import type { Client, Server } from "../server/server.ts";
import type { Session } from "../server/sessions.ts";
import { type Collection, requireName } from "../storage/collection.ts";
import type { WriteMark } from "../storage/operations.ts";
import type { Reader } from "../storage/records.ts";
import { Busy, type Transaction } from "../storage/transaction.ts";
import { byCodePoint } from "../values/compare.ts";
import { type Document, isArray, isDocument, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { countIn, documentIn, type Fields } from "./fields.ts";

/** One command, as its handler receives it. */
export interface Call {
  readonly server: Server;
  readonly client: Client;
  readonly name: string;
  readonly body: Document;
  readonly database: string;
  readonly session: Session | undefined;
  /** The transaction that the command is part of. */
  readonly transaction: Transaction | undefined;
  /** Set for a retryable write: its statements take effect once. */
  readonly isRetryable: boolean;
}

/** A command: its fields, who may send it, and what it does. */
export interface Command {
  /** `nobody`: even before login. `anybody`: any logged-in user; the handler looks closer. */
  readonly action: Action | "nobody" | "anybody";
  readonly fields: Fields;
  /** Whether it may be part of a transaction. Default: false. */
  readonly isForTransactions?: boolean;
  readonly isForAdmin?: boolean;
  /** @throws ServerError, Busy */
  readonly run: (call: Call) => Document | Promise<Document>;
}

/** Commands by name. */
export type CommandTable = Readonly<Record<string, Command>>;

/** `ok` of a successful reply: a double, as in the server. */
export const OK: Document = { ok: new Double(1) };

/** The reader for whom the call reads. */
export const readerOf = ({ transaction, server }: Call): Reader => transaction?.reader ?? server.store.reader;

/** The name of the collection that a command names by its first field. @throws ServerError InvalidNamespace */
export const collectionName = ({ body, name }: Call): string => requireName(body[name], "collection");

/** How long a statement waits for another transaction, at most, in ms. */
const WAIT_MS_MAX = 60_000;

/** Repeats work once the transaction that blocks it has ended. @throws ServerError MaxTimeMSExpired */
export async function whenFree<T>({ body, server }: Call, work: () => T): Promise<T> {
  const allowed = countIn(body, "maxTimeMS") ?? 0;
  const deadline = server.now + Math.min(WAIT_MS_MAX, allowed === 0 ? WAIT_MS_MAX : allowed);
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Busy)) throw error;
      if (server.now >= deadline) throw new ServerError("MaxTimeMSExpired", "operation exceeded time limit");
      await Promise.race([error.ended, sleep(Math.max(1, deadline - server.now))]);
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

/**
 * Runs work as part of the call's transaction, otherwise in a separate one that is committed at once. @throws
 * what the work throws; then nothing has changed
 */
export function inTransaction<T>(
  { server, transaction }: Call,
  work: (transaction: Transaction) => T,
  marksOf: (result: T) => readonly WriteMark[] = () => [],
): T {
  if (transaction !== undefined) return work(transaction);
  const own = server.store.begin(false);
  try {
    const result = work(own);
    server.store.commit(own, marksOf(result));
    return result;
  } catch (error) {
    server.store.abort(own);
    throw error;
  }
}

/** The collection to write to, created if it does not exist. @throws ServerError CommandNotSupportedOnView */
export function ensureCollection({ server }: Call, database: string, name: string): Collection {
  const there = server.store.catalog.find(database, name);
  if (there?.isView)
    throw new ServerError("CommandNotSupportedOnView", `Namespace ${database}.${name} is a view, not a collection`);
  if (there !== undefined) return there;
  requireName(database, "database");
  if (name.startsWith("system.")) throw new ServerError("InvalidNamespace", `cannot write to '${database}.${name}'`);
  const uuid = crypto.randomUUID().replaceAll("-", "");
  server.store.change({ kind: "create", database, collection: name, uuid, options: {} });
  return server.store.catalog.require(database, name);
}

/** The deepest nesting of views (`kMaxViewDepth`). */
const VIEW_DEPTH_MAX = 20;

/** The documents of a collection or a view. */
export function documentsOf(call: Call, name: string, depth = 0): readonly Document[] {
  const { catalog } = call.server.store;
  const collection = catalog.find(call.database, name);
  if (collection === undefined) return [];
  if (!collection.isView) return [...collection.documents(readerOf(call))];
  const { viewOn, pipeline } = collection.options;
  if (depth > VIEW_DEPTH_MAX)
    throw new ServerError(165, `View depth limit exceeded; maximum depth is ${VIEW_DEPTH_MAX}`);
  const stages = isArray(pipeline) ? pipeline : [];
  const read = (other: string): readonly Document[] => documentsOf(call, other, depth + 1);
  return runPipeline(stages, read(String(viewOn)), { ...contextOf(call, collection), read });
}

/** The context of the command's filters and pipelines. @throws ServerError for an invalid collation */
export function contextOf(
  call: Call,
  collection: Collection | undefined,
  options: Document = call.body,
): PipelineContext {
  const { server, database } = call;
  const collation = readCollation(options.collation ?? collection?.options.collation);
  const variables: Record<string, Value> = { NOW: new Date(server.now), CLUSTER_TIME: server.store.time };
  const bound = documentIn(options, "let") ?? documentIn(call.body, "let") ?? {};
  // They are expressions that see no document, such as `{$literal: "$a"}`.
  for (const [name, value] of Object.entries(bound))
    variables[name] = compileExpression(value)(scopeOf({}, { ...variables }));
  return {
    database,
    texts: collation?.order ?? byCodePoint,
    variables,
    read: (name) => documentsOf(call, name),
    random: Math.random,
  };
}

/** The context of filters of the command. */
export const filterOf = (context: PipelineContext): FilterContext => filterContextOf(context);

/** @throws ServerError BadValue if `hint` names no index */
export function requireHint(collection: Collection | undefined, hint: Value): void {
  if (hint === undefined || hint === null || collection === undefined) return;
  if (isDocument(hint) && (Object.keys(hint).length === 0 || Object.hasOwn(hint, "$natural"))) return;
  const wanted = isDocument(hint)
    ? JSON.stringify(Object.entries(hint).map(([name, way]) => [name, String(way)]))
    : undefined;
  const isThere = [...collection.indexes.values()].some(({ spec }) =>
    wanted === undefined
      ? spec.name === hint
      : JSON.stringify(Object.entries(spec.key).map(([name, way]) => [name, String(way)])) === wanted,
  );
  if (!isThere)
    throw new ServerError(
      "BadValue",
      "error processing query: planner returned error :: caused by :: hint provided does not correspond to an existing index",
    );
}
