import { type Batch, type Cursor, FIRST_BATCH, type ReadySource } from "../server/cursors.ts";
import { type Document, numberOf } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { type Call, type CommandTable, OK } from "./call.ts";
import { countIn, requireList, requireText } from "./fields.ts";

/** The options of a cursor's first batch. */
interface FirstBatch {
  readonly batchSize: number | undefined;
  readonly isSingle: boolean;
  readonly isTail?: boolean;
}

/** The logged-in user, because cursors and sessions are kept apart by user. */
export const userOf = ({ client: { principal } }: Pick<Call, "client">): string =>
  principal === undefined ? "" : `${principal.db}.${principal.user}`;

/** The reply of a command with a cursor: the first batch, and an open cursor if there is more. */
export function openCursor(call: Call, namespace: string, source: ReadySource, first: FirstBatch): Document {
  const { server, session } = call;
  const batch = source.next(first.batchSize ?? FIRST_BATCH, 0);
  const isOpen = !batch.isDone && !first.isSingle;
  const cursor = isOpen
    ? server.cursors.open({
        namespace,
        source,
        user: userOf(call),
        session: session?.id,
        isTail: first.isTail === true,
        usedMs: server.now,
      })
    : undefined;
  return { cursor: { firstBatch: batch.documents, id: cursor?.id ?? 0n, ns: namespace, ...tokenOf(batch) }, ...OK };
}

const tokenOf = ({ resumeToken }: Batch): Document =>
  resumeToken === undefined ? {} : { postBatchResumeToken: resumeToken };

const notFound = (id: bigint): ServerError => new ServerError("CursorNotFound", `cursor id ${id} not found`);

/** How long `getMore` waits on a change stream by default, in ms. */
const AWAIT_MS = 1000;

async function getMore(call: Call): Promise<Document> {
  const { server, body, database } = call;
  const id = body.getMore;
  if (typeof id !== "bigint")
    throw new ServerError("TypeMismatch", "BSON field 'getMore.getMore' is the wrong type, expected type 'long'");
  const namespace = `${database}.${requireText("getMore", body, "collection")}`;
  const cursor = requireOwn(call, server.cursors.find(id), id);
  if (cursor.namespace !== namespace)
    throw new ServerError(
      "Unauthorized",
      `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`,
    );
  if (body.maxTimeMS !== undefined && !cursor.isTail)
    throw new ServerError("BadValue", "cannot set maxTimeMS on getMore command for a non-awaitData cursor");
  const batchSize = countIn(body, "batchSize");
  const waitMs = cursor.isTail ? (countIn(body, "maxTimeMS") ?? AWAIT_MS) : 0;
  const batch = await cursor.source.next(
    batchSize === undefined || batchSize === 0 ? Number.POSITIVE_INFINITY : batchSize,
    waitMs,
  );
  cursor.usedMs = server.now;
  if (batch.isDone) server.cursors.close(id);
  // It may have been killed while it waited.
  else if (server.cursors.find(id) === undefined) throw notFound(id);
  return {
    cursor: { nextBatch: batch.documents, id: batch.isDone ? 0n : id, ns: namespace, ...tokenOf(batch) },
    ...OK,
  };
}

function requireOwn(call: Call, cursor: Cursor | undefined, id: bigint): Cursor {
  if (cursor === undefined) throw notFound(id);
  if (cursor.user !== userOf(call))
    throw new ServerError("Unauthorized", `cursor id ${id} was not created by the authenticated user`);
  if (cursor.session !== undefined && call.session?.id !== cursor.session)
    throw new ServerError(50738, `Cannot run getMore on cursor ${id}, which was created in another session`);
  return cursor;
}

function killCursors(call: Call): Document {
  const { server, body } = call;
  const [killed, missing]: [bigint[], bigint[]] = [[], []];
  for (const each of requireList("killCursors", body, "cursors")) {
    const id = typeof each === "bigint" ? each : BigInt(numberOf(each) ?? 0);
    const cursor = server.cursors.find(id);
    if (cursor === undefined) missing.push(id);
    else {
      if (cursor.user !== userOf(call)) throw new ServerError("Unauthorized", "not authorized to kill the cursor");
      server.cursors.close(id);
      killed.push(id);
    }
  }
  return { cursorsKilled: killed, cursorsNotFound: missing, cursorsAlive: [], cursorsUnknown: [], ...OK };
}

/** Commands of cursors. */
export const CURSOR_COMMANDS: CommandTable = {
  getMore: {
    action: "anybody",
    fields: { collection: "string", batchSize: "number", term: "number" },
    isForTransactions: true,
    run: getMore,
  },
  killCursors: { action: "anybody", fields: { cursors: "array" }, isForTransactions: true, run: killCursors },
};
