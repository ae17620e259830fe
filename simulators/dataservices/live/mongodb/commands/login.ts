import { randomBytes } from "node:crypto";
import { Conversation, isMechanism } from "../auth/scram.ts";
import type { Client } from "../server/server.ts";
import { type Document, isDocument } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { type Call, type CommandTable, OK } from "./call.ts";

const NONCE_BYTES = 24;
/** The only conversation that a connection may have at a time. */
const CONVERSATION = 1;

const conversations = new WeakMap<Client, Conversation>();

/** Begins a login: the first message of the client, and the server's answer. @throws ServerError AuthenticationFailed, MechanismUnavailable */
export function startConversation({ server, client }: Call, database: string, given: Document): Document {
  const { mechanism, payload, options } = given;
  if (!isMechanism(mechanism))
    throw new ServerError(
      "MechanismUnavailable",
      `Received authentication for mechanism ${String(mechanism)} which is not enabled`,
    );
  const skipsEmpty = isDocument(options) && options.skipEmptyExchange === true;
  const random = randomBytes(NONCE_BYTES).toString("base64");
  const conversation = new Conversation(
    mechanism,
    database,
    payload,
    server.users.lookup(database),
    random,
    skipsEmpty,
  );
  conversations.set(client, conversation);
  return { conversationId: CONVERSATION, done: false, payload: conversation.payload };
}

function continueConversation({ server, client, body, database }: Call): Document {
  const conversation = conversations.get(client);
  if (conversation === undefined || conversation.database !== database)
    throw new ServerError("ProtocolError", "No SASL session state found");
  try {
    const { payload, isDone } = conversation.continue(body.payload);
    if (isDone) {
      conversations.delete(client);
      client.principal = server.users.find(database, conversation.user);
      if (client.principal === undefined) throw new ServerError("AuthenticationFailed", "Authentication failed.");
    }
    return { conversationId: CONVERSATION, done: isDone, payload, ...OK };
  } catch (error) {
    conversations.delete(client);
    throw error;
  }
}

/** Commands of logging in and out. */
export const LOGIN_COMMANDS: CommandTable = {
  saslStart: {
    action: "nobody",
    fields: { mechanism: "string", payload: "any", options: "object", autoAuthorize: "any" },
    run: (call) => ({ ...startConversation(call, call.database, call.body), ...OK }),
  },
  saslContinue: { action: "nobody", fields: { conversationId: "number", payload: "any" }, run: continueConversation },
  authenticate: {
    action: "nobody",
    fields: { mechanism: "string", user: "string", nonce: "any", key: "any" },
    run: ({ body }) => {
      throw new ServerError(
        "MechanismUnavailable",
        `Received authentication for mechanism ${String(body.mechanism)} which is not enabled`,
      );
    },
  },
  logout: {
    action: "nobody",
    fields: {},
    run: ({ client }) => {
      client.principal = undefined;
      return OK;
    },
  },
  connectionStatus: {
    action: "nobody",
    fields: { showPrivileges: "bool" },
    run: ({ client: { principal } }) => ({
      authInfo: {
        authenticatedUsers: principal === undefined ? [] : [{ user: principal.user, db: principal.db }],
        authenticatedUserRoles: principal?.roles.map((grant): Document => ({ ...grant })) ?? [],
      },
      ...OK,
    }),
  },
};
