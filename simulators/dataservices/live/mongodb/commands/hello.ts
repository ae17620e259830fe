import { isMechanism } from "../auth/scram.ts";
import { type Document, fieldOf, isArray, isDocument, type Value } from "../values/value.ts";
import { MESSAGE_BYTES_MAX } from "../wire/message.ts";
import { ServerError } from "../wire/errors.ts";
import { type Call, type CommandTable, OK } from "./call.ts";
import { type Fields, OPEN } from "./fields.ts";
import { startConversation } from "./login.ts";

/** The largest document (`maxBsonObjectSize`). */
export const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024;
/** The most statements in one command (`maxWriteBatchSize`). */
export const WRITE_BATCH_MAX = 100_000;
/** The range of protocol versions that drivers look at; 21 is that of 7.0. */
const WIRE_VERSION = 21;
const SESSION_MINUTES = 30;

/** The name by which the server identifies itself: never MongoDB. */
export const ENGINE = { name: "Drydock embedded document engine", version: "7.0.0" } as const;

const FIELDS: Fields = {
  helloOk: "bool",
  client: "object",
  compression: "array",
  saslSupportedMechs: "string",
  speculativeAuthenticate: "object",
  topologyVersion: "object",
  maxAwaitTimeMS: "number",
  loadBalanced: "bool",
  ...OPEN,
};

function mechanismsOf({ server }: Call, wanted: Value): Document {
  if (typeof wanted !== "string") return {};
  const at = wanted.indexOf(".");
  if (at <= 0) throw new ServerError("BadValue", "saslSupportedMechs must be a namespace of a user: database.user");
  const mechanisms = server.users.mechanisms(wanted.slice(0, at), wanted.slice(at + 1));
  // An unknown user gets the same answer as a known one.
  return { saslSupportedMechs: mechanisms ?? ["SCRAM-SHA-256"] };
}

/** A login that begins within hello: if it fails, hello answers without it. */
function speculate(call: Call): Document {
  const given = fieldOf(call.body, "speculativeAuthenticate");
  if (!isDocument(given) || !isMechanism(given.mechanism)) return {};
  const database = typeof given.db === "string" ? given.db : "admin";
  return { speculativeAuthenticate: startConversation(call, database, given) };
}

function compressors({ body }: Call): Document {
  const { compression } = body;
  return isArray(compression) && compression.includes("zlib") ? { compression: ["zlib"] } : {};
}

function greet(call: Call, isLegacy: boolean): Document {
  const { server } = call;
  const { address, setName } = server.options;
  const { membership } = server;
  const { isPrimary } = membership;
  const { time } = server.store;
  const written = new Date(time.getHighBitsUnsigned() * 1000);
  const position = { ts: time, t: 1n };
  return {
    helloOk: true,
    hosts: membership.hosts,
    setName,
    setVersion: 1,
    ...(isLegacy ? { ismaster: isPrimary } : { isWritablePrimary: isPrimary }),
    secondary: !isPrimary,
    ...(membership.primary === undefined ? {} : { primary: membership.primary }),
    me: address,
    ...(isPrimary ? { electionId: server.electionId } : {}),
    lastWrite: { opTime: position, lastWriteDate: written, majorityOpTime: position, majorityWriteDate: written },
    maxBsonObjectSize: DOCUMENT_BYTES_MAX,
    maxMessageSizeBytes: MESSAGE_BYTES_MAX,
    maxWriteBatchSize: WRITE_BATCH_MAX,
    localTime: new Date(server.now),
    logicalSessionTimeoutMinutes: SESSION_MINUTES,
    connectionId: call.client.id,
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION,
    readOnly: false,
    engine: ENGINE.name,
    ...compressors(call),
    ...mechanismsOf(call, call.body.saslSupportedMechs),
    ...speculate(call),
    ...OK,
  };
}

function buildInfo(): Document {
  return {
    version: ENGINE.version,
    versionArray: [7, 0, 0, 0],
    gitVersion: "none: this is the Drydock embedded document engine",
    engine: ENGINE.name,
    modules: [],
    allocator: "v8",
    javascriptEngine: "none",
    sysInfo: "deprecated",
    bits: 64,
    debug: false,
    maxBsonObjectSize: DOCUMENT_BYTES_MAX,
    storageEngines: ["drydock"],
    ...OK,
  };
}

/** The commands that a client sends first. */
export const HELLO_COMMANDS: CommandTable = {
  hello: { action: "nobody", fields: FIELDS, run: (call) => greet(call, false) },
  isMaster: { action: "nobody", fields: FIELDS, run: (call) => greet(call, true) },
  ismaster: { action: "nobody", fields: FIELDS, run: (call) => greet(call, true) },
  buildInfo: { action: "nobody", fields: {}, run: buildInfo },
  buildinfo: { action: "nobody", fields: {}, run: buildInfo },
  ping: { action: "nobody", fields: {}, isForTransactions: false, run: () => OK },
};
