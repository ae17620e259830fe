import { Binary } from "bson";
import { Sessions } from "../server/sessions.ts";
import { type Document, isDocument } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { type Call, type CommandTable, OK } from "./call.ts";
import { userOf } from "./cursors.ts";
import { listIn } from "./fields.ts";

/** The session of a transaction command, which must have one. */
function endTransaction(call: Call, end: "commit" | "abort"): Document {
  const { server, session, body } = call;
  const number = body.txnNumber;
  if (session === undefined || typeof number !== "bigint" || body.autocommit !== false)
    throw new ServerError("InvalidOptions", `${end}Transaction must be run within a transaction`);
  if (end === "commit") server.sessions.commit(session, number);
  else server.sessions.abort(session, number);
  return OK;
}

function endSessions(call: Call): Document {
  const { server, body, name } = call;
  for (const lsid of listIn(body, name)) {
    const id = Sessions.idOf(lsid, userOf(call));
    server.sessions.end(id);
    server.cursors.closeWhere(({ session }) => session === id);
  }
  return OK;
}

/** Commands of sessions and transactions. */
export const SESSION_COMMANDS: CommandTable = {
  startSession: {
    action: "anybody",
    fields: {},
    run: (call) => {
      const id = new Binary(Buffer.from(crypto.randomUUID().replaceAll("-", ""), "hex"), Binary.SUBTYPE_UUID);
      call.server.sessions.touch(Sessions.idOf({ id }, userOf(call)), call.server.now);
      return { id: { id }, timeoutMinutes: 30, ...OK };
    },
  },
  endSessions: { action: "nobody", fields: {}, run: endSessions },
  killSessions: { action: "anybody", fields: {}, run: endSessions },
  refreshSessions: {
    action: "anybody",
    fields: {},
    run: (call) => {
      for (const lsid of listIn(call.body, call.name))
        call.server.sessions.touch(Sessions.idOf(lsid, userOf(call)), call.server.now);
      return OK;
    },
  },
  killAllSessions: {
    action: "operate",
    fields: {},
    run: ({ server, body, name }) => {
      const wanted = listIn(body, name).flatMap((each) =>
        isDocument(each) ? [`/${String(each.db)}.${String(each.user)}`] : [],
      );
      server.sessions.endWhere((id) => wanted.length === 0 || wanted.some((each) => id.endsWith(each)));
      return OK;
    },
  },
  commitTransaction: {
    action: "anybody",
    fields: { recoveryToken: "object" },
    isForTransactions: true,
    isForAdmin: true,
    run: (call) => endTransaction(call, "commit"),
  },
  abortTransaction: {
    action: "anybody",
    fields: { recoveryToken: "object" },
    isForTransactions: true,
    isForAdmin: true,
    run: (call) => endTransaction(call, "abort"),
  },
};
