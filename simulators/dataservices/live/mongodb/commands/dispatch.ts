import { Binary, Timestamp } from "bson";
import type { Client, Server } from "../server/server.ts";
import { Cut } from "../server/fail-points.ts";
import { Sessions } from "../server/sessions.ts";
import { type Document, isArray, isDocument, isTruthy, numberOf } from "../values/value.ts";
import type { Request } from "../wire/message.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import { outputOf } from "./aggregate.ts";
import { authorize } from "./authorize.ts";
import { type Call, type Command, whenFree } from "./call.ts";
import { userOf } from "./cursors.ts";
import { checkFields } from "./fields.ts";
import { labelsOf } from "./labels.ts";
import { COMMANDS } from "./table.ts";

/** Carries out a command. Every error becomes an answer. @throws Cut */
export async function dispatch(server: Server, client: Client, request: Request): Promise<Document> {
  const { body } = request;
  const [name = ""] = Object.keys(body);
  server.counts.set(name, (server.counts.get(name) ?? 0) + 1);
  let call: Call | undefined;
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) throw new ServerError("CommandNotFound", `no such command: '${name}'`);
    const failure = await failPoint(server, name, request);
    if (failure !== undefined) return { ...failure, ...times(server) };
    call = begin(server, client, request, name, command);
    const begun = call;
    const reply = await whenFree(begun, () => command.run(begun));
    return {
      ...reply,
      ...(isChanging(command, begun) ? await concern(begun) : {}),
      ...server.failPoints.takeFields(),
      ...times(server),
    };
  } catch (error) {
    if (error instanceof Cut) throw error;
    return { ...refusal(server, call, name, request, error), ...times(server) };
  }
}

/** Checks a command, and finds the session and the transaction that it is part of. */
function begin(
  server: Server,
  client: Client,
  { body, database, isLegacy }: Request,
  name: string,
  command: Command,
): Call {
  if (isLegacy && command.action !== "nobody")
    throw new ServerError(352, `Unsupported OP_QUERY command: ${name}. The client driver may require an upgrade.`);
  checkFields(name, body, command.fields);
  if (command.isForAdmin === true && database !== "admin")
    throw new ServerError("Unauthorized", `${name} may only be run against the admin database.`);
  const plain: Call = {
    server,
    client,
    name,
    body,
    database,
    session: undefined,
    transaction: undefined,
    isRetryable: false,
  };
  authorize(plain, command);
  requirePart(plain, command);
  checkConcerns(body);
  checkApiVersion(name, body);
  return body.lsid === undefined || command.action === "nobody" ? withoutSession(plain) : withSession(plain, command);
}

function withoutSession(call: Call): Call {
  if (call.body.txnNumber !== undefined && call.name !== "endSessions")
    throw new ServerError("InvalidOptions", "Transaction number requires a session ID to also be specified");
  return call;
}

const ENDING = new Set(["commitTransaction", "abortTransaction"]);

function withSession(call: Call, command: Command): Call {
  const { server, body, name } = call;
  const session = server.sessions.touch(Sessions.idOf(body.lsid, userOf(call)), server.now);
  const { txnNumber, autocommit, startTransaction } = body;
  const number = txnNumber === undefined ? undefined : BigInt(numberOf(txnNumber) ?? 0);
  if (number === undefined) {
    if (autocommit !== undefined || startTransaction !== undefined)
      throw new ServerError("InvalidOptions", "'autocommit' and 'startTransaction' require 'txnNumber'");
    return { ...call, session };
  }
  if (autocommit === undefined) {
    if (!["insert", "update", "delete", "findAndModify", "findandmodify"].includes(name))
      throw new ServerError(
        50768,
        "txnNumber may only be provided for multi-document transactions and retryable write commands.",
      );
    server.sessions.enterWrite(session, number);
    return { ...call, session, isRetryable: true };
  }
  if (autocommit !== false) throw new ServerError("InvalidOptions", "autocommit must be false or omitted");
  if (command.isForTransactions !== true)
    throw new ServerError(
      "OperationNotSupportedInTransaction",
      `Cannot run '${name}' in a multi-document transaction.`,
    );
  if (ENDING.has(name)) return { ...call, session };
  if (!isTruthy(startTransaction) && body.readConcern !== undefined)
    throw new ServerError("InvalidOptions", "Only the first command in a transaction may specify a readConcern");
  const transaction = isTruthy(startTransaction)
    ? server.sessions.start(session, number, server.now)
    : server.sessions.resume(session, number);
  return { ...call, session, transaction };
}

/** The commands of version 1 of the Stable API (MongoDB manual, "Stable API"). */
const VERSIONED = new Set(
  `abortTransaction aggregate collMod commitTransaction count create createIndexes delete drop dropDatabase dropIndexes endSessions explain
   find findAndModify getMore hello insert killCursors killSessions listCollections listDatabases listIndexes ping refreshSessions
   saslContinue saslStart update`.split(/\s+/),
);

function checkApiVersion(name: string, body: Document): void {
  const { apiVersion, apiStrict, apiDeprecationErrors } = body;
  if (apiVersion === undefined && (apiStrict !== undefined || apiDeprecationErrors !== undefined))
    throw new ServerError("InvalidOptions", "Provided apiStrict or apiDeprecationErrors without passing apiVersion");
  if (apiVersion !== undefined && apiVersion !== "1")
    throw new ServerError("APIVersionError", 'API version must be "1"');
  if (apiStrict === true && !VERSIONED.has(name))
    throw new ServerError(
      "APIStrictError",
      `Provided apiStrict:true, but the command ${name} is not in API Version 1. Information on supported commands and migrations in API Version 1 can be found at https://dochub.mongodb.org/core/manual-versioned-api`,
    );
}

const LEVELS = new Set(["local", "available", "majority", "linearizable", "snapshot"]);

function checkConcerns(body: Document): void {
  const { readConcern } = body;
  if (isDocument(readConcern)) {
    const { level, afterClusterTime, atClusterTime } = readConcern;
    if (level !== undefined && !LEVELS.has(String(level)))
      throw new ServerError(
        "FailedToParse",
        "readConcern.level must be either 'local', 'majority', 'linearizable', 'available', or 'snapshot'",
      );
    if (atClusterTime !== undefined || (level === "snapshot" && body.autocommit === undefined))
      throw notSimulated("reads at a past time outside of transactions");
    if (afterClusterTime !== undefined && !(afterClusterTime instanceof Timestamp))
      throw new ServerError("TypeMismatch", "readConcern.afterClusterTime must be a timestamp");
  }
}

const WRITES = new Set<Command["action"]>(["write", "define", "administer", "manageUsers"]);

/** A secondary accepts no writes, and only reads that allow stale data. @throws ServerError NotWritablePrimary, NotPrimaryNoSecondaryOk */
function requirePart(call: Call, { action }: Command): void {
  const { server, body } = call;
  if (server.membership.isPrimary) return;
  if (WRITES.has(action) || body.txnNumber !== undefined || outputOf(body) !== undefined)
    throw new ServerError("NotWritablePrimary", "not primary");
  const preference = body.$readPreference;
  const isForAny = isDocument(preference) && preference.mode !== undefined && preference.mode !== "primary";
  if (action === "find" && !isForAny) throw new ServerError("NotMasterNoSlaveOk", "not primary and secondaryOk=false");
}

/** Whether the command changes anything that must reach other members. A command within a transaction waits at the transaction's end. */
const isChanging = ({ action }: Command, { name, body, transaction }: Call): boolean =>
  transaction === undefined && (WRITES.has(action) || name === "commitTransaction" || outputOf(body) !== undefined);

/** How long a write waits for other members by default, in ms. */
const REPLICATION_MS_MAX = 600_000;

/** Carries out the write concern: `j` waits for the disk, all except `w: 1` for a member that would be promoted. */
async function concern({ body, server, name }: Call): Promise<Document> {
  const given = isDocument(body.writeConcern) ? body.writeConcern : {};
  const { w = "majority", j, wtimeout } = given;
  if (j === true) await server.sync();
  if (typeof w === "string" && w !== "majority")
    return writeConcernError(
      79,
      "UnknownReplWriteConcern",
      `No write concern mode named '${w}' found in replica set configuration`,
    );
  const { membership, store } = server;
  const count = numberOf(w) ?? 1;
  if (w !== "majority" && count > membership.hosts.length && name !== "abortTransaction")
    return writeConcernError(100, "UnsatisfiableWriteConcern", "Not enough data-bearing nodes");
  if (!membership.isPrimary || (w !== "majority" && count <= 1)) return {};
  const msMax = numberOf(wtimeout) ?? 0;
  const isThere = await membership.awaitReplication(
    store.time,
    w === "majority" ? w : count - 1,
    msMax === 0 ? REPLICATION_MS_MAX : msMax,
  );
  return isThere ? {} : writeConcernError(64, "WriteConcernFailed", "waiting for replication timed out");
}

const writeConcernError = (code: number, codeName: string, errmsg: string): Document => ({
  writeConcernError: { code, codeName, errmsg, errInfo: {} },
});

/** The times by which sessions are causally consistent. */
function times({ store }: Server): Document {
  return {
    $clusterTime: { clusterTime: store.time, signature: { hash: new Binary(Buffer.alloc(20)), keyId: 0n } },
    operationTime: store.time,
  };
}

/** The reply to an error. An error within a transaction ends it. */
function refusal(server: Server, call: Call | undefined, name: string, request: Request, error: unknown): Document {
  const known = error instanceof ServerError ? error : defect(server, error);
  if (call?.transaction !== undefined && call.session !== undefined) server.sessions.fail(call.session);
  return { ...known.reply, ...labelsOf(known.code, name, request) };
}

function defect(server: Server, error: unknown): ServerError {
  server.options.onDefect?.(error);
  const what =
    error instanceof RangeError
      ? "it needs more memory than there is"
      : error instanceof Error
        ? error.name
        : "unknown";
  return new ServerError("InternalError", `the command failed: ${what}`);
}

/** The effect of an armed fail point on a command; undefined if it does not apply. @throws Cut */
async function failPoint(server: Server, name: string, request: Request): Promise<Document | undefined> {
  const armed = server.failPoints.forCommand(name);
  if (armed === undefined) return undefined;
  const { blockConnection, blockTimeMS, closeConnection, errorCode, errorLabels, writeConcernError: later } = armed;
  if (blockConnection === true) await new Promise((resolve) => setTimeout(resolve, numberOf(blockTimeMS) ?? 0));
  if (closeConnection === true) throw new Cut();
  const code = numberOf(errorCode);
  // Labels of the fail point replace the server's own.
  const labels = isArray(errorLabels)
    ? errorLabels.length === 0
      ? {}
      : { errorLabels }
    : code === undefined
      ? {}
      : labelsOf(code, name, request);
  if (code !== undefined) {
    const errmsg = "Failing command via 'failCommand' failpoint";
    return { ok: 0, code, errmsg, codeName: ServerError.nameOf(code), ...labels };
  }
  server.failPoints.arm({ ...(later === undefined ? {} : { writeConcernError: later }), ...labels });
  return undefined;
}
