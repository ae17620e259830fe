import { byKey, type Effect, sameSecret } from "../../kernel/index.ts";
import { commit } from "./commits.ts";
import type { Content, Mutation, Row } from "./content.ts";
import { DataServiceError, type DataServiceErrorCode } from "../wire/errors.ts";
import { faultAt, type FaultLocation } from "../faults.ts";
import type { DataServices } from "./services.ts";
import { diskOf, isServing } from "./replication.ts";
import { halt, watch } from "./supervision.ts";
import type { Instance, OpenSession } from "../state.ts";
import { verifies } from "../wire/verifier.ts";

/** A login: user and database. */
export interface SessionLogin {
  readonly username: string;
  readonly password: string;
  readonly database: string;
}

/**
 * A session of the virtual data plane: a logged-in user of one instance, who writes and reads rows. Each call is an input of the world. All throw
 * `DataServiceError` DS_SESSION_ENDED once the user is deleted, the service stops, a restore has run or the security group no longer admits the
 * source; writes throw DS_READ_ONLY on a replica, and DS_UNCONFIRMED if no replica has them: then their outcome is unknown.
 */
export interface Session {
  put(table: string, key: string, row: Row): void;
  remove(table: string, key: string): void;
  drop(table: string): void;
  /** The next number of a sequence; 1 is the first. */
  next(sequence: string): number;
  get(table: string, key: string): Row | undefined;
  /** Rows by key, in the order of keys. */
  read(table: string): readonly (readonly [string, Row])[];
  /** In order. */
  tables(): readonly string[];
  close(): void;
}

interface OpenOrder extends SessionLogin {
  readonly source: string;
  readonly address: string;
  readonly port: number;
}

type Statement =
  | { readonly op: "put"; readonly table: string; readonly key: string; readonly row: Row }
  | { readonly op: "remove"; readonly table: string; readonly key: string }
  | { readonly op: "drop"; readonly table: string }
  | { readonly op: "next"; readonly sequence: string }
  | { readonly op: "get"; readonly table: string; readonly key: string }
  | { readonly op: "read"; readonly table: string }
  | { readonly op: "tables" };

const READS = new Set<Statement["op"]>(["get", "read", "tables"]);

/** The fault, if any, that hits a connection being opened to a real server. */
export const connectFault = ({ kernel }: DataServices, { deployment, kind, address }: Instance): Effect | undefined =>
  kernel.input("dataservices.connect", { deployment, kind, address }) as Effect | undefined;

interface Execution {
  readonly session: OpenSession;
  readonly statement: Statement;
}

/** A refusal is an answer, not an exception: a snapshot that replays inputs must get past it. */
type InputAnswer<T> =
  | { readonly value: T }
  | { readonly refusal: DataServiceErrorCode; readonly detail: string | undefined };

/** Tells the kernel how to run the inputs of the virtual data plane, so that a snapshot can replay them. */
export function defineInputs(services: DataServices): void {
  services.kernel.onInput("dataservices.connect", (place: FaultLocation) => faultAt(services.kernel, "connect", place));
  services.kernel.onInput("dataservices.open", (order: OpenOrder) => answer(() => open(services, order)));
  services.kernel.onInput("dataservices.execute", (execution: Execution) => answer(() => execute(services, execution)));
  services.kernel.onInput("dataservices.close", ({ address, id }: OpenSession) => {
    services.slot.value.sessions.get(address)?.delete(id);
  });
}

function answer<T>(work: () => T): InputAnswer<T> {
  try {
    return { value: work() };
  } catch (error) {
    if (!(error instanceof DataServiceError)) throw error;
    return { refusal: error.code, detail: error.detail };
  }
}

function ask<T>(services: DataServices, kind: string, data: unknown): T {
  const answered = services.kernel.input(kind, data) as InputAnswer<T>;
  if ("refusal" in answered) throw new DataServiceError(answered.refusal, answered.detail);
  return answered.value;
}

/**
 * Logs in on the virtual data plane.
 *
 * @throws DataServiceError DS_REFUSED, DS_RESET, DS_WRONG_PASSWORD, DS_NOT_YOUR_DATABASE, DS_NOT_SIMULATED, DS_LIVE
 */
export function openSession(
  services: DataServices,
  source: string,
  address: string,
  port: number,
  login: SessionLogin,
): Session {
  const { kernel } = services;
  const { username, password, database } = login;
  const order: OpenOrder = { source, address, port, username, password, database };
  const session = ask<OpenSession>(services, "dataservices.open", order);
  const run = <T>(statement: Statement): T => ask(services, "dataservices.execute", { session, statement });
  return {
    put: (table, key, row) => run<void>({ op: "put", table, key, row }),
    remove: (table, key) => run<void>({ op: "remove", table, key }),
    drop: (table) => run<void>({ op: "drop", table }),
    next: (sequence) => run({ op: "next", sequence }),
    get: (table, key) => run({ op: "get", table, key }),
    read: (table) => run({ op: "read", table }),
    tables: () => run({ op: "tables" }),
    close: () => void kernel.input("dataservices.close", session),
  };
}

function open(services: DataServices, order: OpenOrder): OpenSession {
  const { source, address, port, username } = order;
  const state = services.slot.value;
  const instance = requireListening(services, source, address, port);
  if (services.real?.covers(instance)) throw new DataServiceError("DS_LIVE", `${address}:${port}`);
  const effect = faultAt(services.kernel, "connect", instance);
  if (effect !== undefined) throw new DataServiceError(effect.kind === "reset" ? "DS_RESET" : "DS_REFUSED");
  if (instance.kind !== "postgresql")
    throw new DataServiceError("DS_NOT_SIMULATED", `the data plane of ${instance.kind}`);
  authenticate(services, instance, order);
  const session: OpenSession = { id: ++state.lastSession, address, source, username };
  const others = state.sessions.get(address) ?? new Map<number, OpenSession>();
  state.sessions.set(address, others.set(session.id, session));
  return session;
}

/** @throws DataServiceError DS_REFUSED */
function requireListening(services: DataServices, source: string, address: string, port: number): Instance {
  const instance = services.slot.value.instances.get(address);
  const isOpen = instance?.state === "running" && instance.port === port && services.admits(source, address, port);
  if (!isOpen) throw new DataServiceError("DS_REFUSED", `${address}:${port} from ${source}`);
  if (!isServing(services, instance)) throw new DataServiceError("DS_NOT_READY", `${address}:${port}`);
  return instance;
}

function authenticate(services: DataServices, instance: Instance, login: SessionLogin): void {
  const user = diskOf(services, instance)?.users.get(login.username);
  if (user === undefined || !verifies(login.password, user.verifier))
    throw new DataServiceError("DS_WRONG_PASSWORD", login.username);
  if (!sameSecret(user.database, login.database)) throw new DataServiceError("DS_NOT_YOUR_DATABASE", login.database);
}

function execute(services: DataServices, { session, statement }: Execution): unknown {
  const { address, id, source } = session;
  const { instances, sessions } = services.slot.value;
  const instance = instances.get(address);
  const disk = instance && diskOf(services, instance);
  if (!instance || !disk || !sessions.get(address)?.has(id) || !services.admits(source, address, instance.port)) {
    sessions.get(address)?.delete(id);
    throw new DataServiceError("DS_SESSION_ENDED");
  }
  watch(services, instance);
  if (READS.has(statement.op)) return read(disk.content, statement);
  if (instance.role === "replica") throw new DataServiceError("DS_READ_ONLY");
  return write(services, instance, mutationOf(statement));
}

/** The change that a statement makes. @throws Error for one that only reads */
function mutationOf(statement: Statement): Mutation {
  switch (statement.op) {
    case "put":
      return { op: "write", table: statement.table, key: statement.key, row: structuredClone(statement.row) };
    case "remove":
      return { op: "write", table: statement.table, key: statement.key, row: null };
    case "drop":
    case "next":
      return statement;
    default:
      throw new Error(`${statement.op} changes nothing`);
  }
}

/** A full disk takes no write. A server that dies during a write has made it, but nobody knows. */
function write(services: DataServices, instance: Instance, mutation: Mutation): unknown {
  const effect = faultAt(services.kernel, "write", instance);
  if (effect?.kind === "error") throw new DataServiceError("DS_DISK_FULL", effect.message);
  const { value, isUnconfirmed } = commit(services, instance, mutation);
  if (effect !== undefined) {
    halt(services, instance);
    throw new DataServiceError("DS_SESSION_ENDED");
  }
  if (isUnconfirmed) throw new DataServiceError("DS_UNCONFIRMED");
  return value;
}

/** The result is a copy, as over a socket: nobody holds a part of the disk. */
function read(content: Content, statement: Statement): unknown {
  switch (statement.op) {
    case "get":
      return structuredClone(content.tables.get(statement.table)?.rows.get(statement.key));
    case "read":
      return structuredClone([...(content.tables.get(statement.table)?.rows ?? [])]).sort(byKey);
    case "tables":
      return [...content.tables.keys()].sort();
    default:
      throw new Error(`${statement.op} reads nothing`);
  }
}
