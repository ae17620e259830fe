import { type Document, fieldOf, isArray, isDocument } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { aggregateDocuments } from "./aggregate.ts";
import { type Call, type CommandTable, contextOf, OK } from "./call.ts";
import { documentIn, listIn } from "./fields.ts";
import { findDocuments } from "./find.ts";
import { ENGINE } from "./hello.ts";

function serverStatus({ server }: Call): Document {
  const upMs = server.now - server.startedMs;
  return {
    host: server.options.address,
    version: ENGINE.version,
    process: ENGINE.name,
    engine: ENGINE.name,
    pid: BigInt(process.pid),
    uptime: Math.floor(upMs / 1000),
    uptimeMillis: BigInt(Math.floor(upMs)),
    localTime: new Date(server.now),
    connections: {
      current: server.clients.size,
      available: server.limits.connectionsMax - server.clients.size,
      totalCreated: server.connectionsMade,
    },
    metrics: {
      commands: Object.fromEntries([...server.counts].map(([name, total]) => [name, { total: BigInt(total) }])),
      cursor: { open: { total: BigInt(server.cursors.size) } },
    },
    logicalSessionRecordCache: { activeSessionsCount: server.sessions.size },
    storageEngine: { name: "drydock", supportsCommittedReads: true, persistent: server.options.folder !== undefined },
    repl: {
      setName: server.options.setName,
      isWritablePrimary: server.membership.isPrimary,
      secondary: !server.membership.isPrimary,
      hosts: server.membership.hosts,
      primary: server.membership.primary,
      me: server.options.address,
    },
    ...OK,
  };
}

const PRIMARY = { state: 1, stateStr: "PRIMARY" } as const;
const SECONDARY = { state: 2, stateStr: "SECONDARY" } as const;

function replicaSetStatus({ server }: Call): Document {
  const { hosts, primary, isPrimary } = server.membership;
  const { address, setName } = server.options;
  return {
    set: setName,
    date: new Date(server.now),
    myState: isPrimary ? PRIMARY.state : SECONDARY.state,
    members: hosts.map((name, _id): Document => {
      const self = name === address ? { self: true } : {};
      return { _id, name, health: 1, ...(name === primary ? PRIMARY : SECONDARY), ...self };
    }),
    ...OK,
  };
}

/** The plan of a reading command. */
function explain(call: Call): Document {
  const { body, server, database } = call;
  const command = documentIn(body, "explain");
  const [name] = Object.keys(command ?? {});
  if (command === undefined || name === undefined) throw new ServerError("FailedToParse", "explain needs a command");
  const inner: Call = { ...call, name, body: command };
  const collection = server.store.catalog.find(database, String(command[name]));
  const filter = documentIn(command, "filter") ?? documentIn(command, "query") ?? filterOfStatement(command);
  const index = collection?.indexFor(filter);
  const scan =
    index === undefined
      ? { stage: "COLLSCAN", direction: "forward" }
      : { stage: "IXSCAN", indexName: index.spec.name, keyPattern: index.spec.key };
  const winningPlan: Document = index === undefined ? scan : { stage: "FETCH", inputStage: scan };
  const rows = countOf(inner, command, name);
  const statistics = {
    executionSuccess: true,
    nReturned: rows,
    executionTimeMillis: 0,
    totalKeysExamined: index === undefined ? 0 : rows,
    totalDocsExamined: index === undefined ? (collection?.records.size ?? 0) : rows,
  };
  contextOf(inner, collection);
  return {
    explainVersion: "1",
    queryPlanner: {
      namespace: `${database}.${String(command[name])}`,
      indexFilterSet: false,
      parsedQuery: filter,
      winningPlan,
      rejectedPlans: [],
    },
    ...(body.verbosity === "queryPlanner" ? {} : { executionStats: statistics }),
    command,
    serverInfo: { host: server.options.address, version: ENGINE.version, engine: ENGINE.name },
    ...OK,
  };
}

function filterOfStatement(command: Document): Document {
  const [first] = [...listIn(command, "updates"), ...listIn(command, "deletes")];
  const q = isDocument(first) ? fieldOf(first, "q") : undefined;
  if (isDocument(q)) return q;
  const [stage] = isArray(command.pipeline) ? command.pipeline : [];
  const match = isDocument(stage) ? stage.$match : undefined;
  return isDocument(match) ? match : {};
}

/** How many documents a reading command returns; changes are not made. */
function countOf(call: Call, command: Document, name: string): number {
  if (name === "find") return findDocuments(call).length;
  if (name === "aggregate")
    return aggregateDocuments(
      call,
      String(command.aggregate),
      listIn(command, "pipeline").filter(
        (stage) => !isDocument(stage) || (stage.$out === undefined && stage.$merge === undefined),
      ),
    ).length;
  if (["count", "distinct", "update", "delete", "findAndModify"].includes(name))
    return findDocuments({
      ...call,
      name: "find",
      body: { find: command[name], filter: documentIn(command, "query") ?? filterOfStatement(command) },
    }).length;
  throw new ServerError("CommandNotFound", `Explain failed due to unknown command: ${name}`);
}

const PARAMETERS: Readonly<Record<string, (call: Call) => Document>> = {
  featureCompatibilityVersion: () => ({ featureCompatibilityVersion: { version: "7.0" } }),
  authenticationMechanisms: () => ({ authenticationMechanisms: ["SCRAM-SHA-1", "SCRAM-SHA-256"] }),
  transactionLifetimeLimitSeconds: ({ server }) => ({
    transactionLifetimeLimitSeconds: Math.floor(server.limits.transactionMsMax / 1000),
  }),
  ttlMonitorSleepSecs: ({ server }) => ({ ttlMonitorSleepSecs: Math.floor(server.limits.ttlMsMax / 1000) }),
  enableTestCommands: ({ server }) => ({ enableTestCommands: server.options.hasTestCommands === true }),
};

function getParameter(call: Call): Document {
  const wanted =
    call.body.getParameter === "*"
      ? Object.keys(PARAMETERS)
      : Object.keys(call.body).filter((name) => Object.hasOwn(PARAMETERS, name));
  if (wanted.length === 0) throw new ServerError("InvalidOptions", "no option found to get");
  return { ...wanted.reduce<Document>((made, name) => ({ ...made, ...PARAMETERS[name]?.(call) }), {}), ...OK };
}

/** A fail point of commands, as drivers' own tests set it. */
function configureFailPoint({ server, body }: Call): Document {
  if (server.options.hasTestCommands !== true)
    throw new ServerError("CommandNotFound", "no such command: 'configureFailPoint'");
  server.failPoints.configure(String(body.configureFailPoint), body.mode, documentIn(body, "data") ?? {});
  return OK;
}

/** Commands that describe the server. */
export const DIAGNOSTIC_COMMANDS: CommandTable = {
  serverStatus: {
    action: "monitor",
    fields: Object.fromEntries(
      ["repl", "metrics", "locks", "tcmalloc", "mirroredReads", "latchAnalysis", "wiredTiger", "oplog"].map((name) => [
        name,
        "any" as const,
      ]),
    ),
    run: serverStatus,
  },
  explain: { action: "find", fields: { verbosity: "string", cursor: "object" }, run: explain },
  getParameter: {
    action: "monitor",
    fields: {
      ...Object.fromEntries(Object.keys(PARAMETERS).map((name) => [name, "any" as const])),
      allParameters: "bool",
    },
    isForAdmin: true,
    run: getParameter,
  },
  hostInfo: {
    action: "monitor",
    fields: {},
    run: ({ server }) => ({
      system: { currentTime: new Date(server.now), hostname: server.options.address, cpuAddrSize: 64 },
      os: { type: process.platform, name: ENGINE.name },
      ...OK,
    }),
  },
  whatsmyuri: { action: "anybody", fields: {}, run: ({ client }) => ({ you: `connection:${client.id}`, ...OK }) },
  configureFailPoint: {
    action: "operate",
    fields: { mode: "any", data: "object" },
    isForAdmin: true,
    run: configureFailPoint,
  },
  replSetGetStatus: {
    action: "monitor",
    fields: { initialSync: "any" },
    isForAdmin: true,
    run: replicaSetStatus,
  },
};
