import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../../client/http/json.ts";
import type { Login } from "../../data/plane.ts";
import type { Statement, TableRows } from "../../data/statement.ts";
import type { WireRequest } from "../../osb/memory-broker/http.ts";
import { type Access, RIGHT_ACCESS } from "./access.ts";
import type { ToyCloud } from "./cloud.ts";
import { type Store, copyOf, replace, replay } from "./engine.ts";
import { objectOf, openObject } from "./objects.ts";
import { soundLook, soundNative } from "./sound.ts";
import { dailySlots, ownerOf, type Settings, type Task, type ToyVault } from "./vault.ts";

/** A binding with its user. */
export interface ToyBinding {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  /** The request that created it. */
  readonly request?: JsonObject;
}

/** One event in a database. */
interface LogEntry {
  readonly atMs: number;
  readonly did: Statement | { readonly do: "restore"; readonly store: Store };
}

/** A service instance with a database of its own. */
export interface ToyInstance {
  readonly id: string;
  readonly host: string;
  readonly database: string;
  readonly store: Store;
  readonly bindings: Map<string, ToyBinding>;
  /** Who may log in, and how. */
  readonly users: Map<string, string>;
  /** The vantages from which the database can be reached now. */
  readonly admitted: Set<ToyPlace>;
  /** The open sessions, with the user of each. */
  readonly sessions: Map<object, string>;
  /** The writes, in order. */
  readonly log: LogEntry[];
  /** The request that provisioned it. */
  readonly request: JsonObject;
  /** Who a function of the tenant's has run as, and whether with power over the server. */
  readonly ran: [who: string, power: string][];
  /** Settings of its server. */
  readonly settings: Map<string, string>;
  /** Whether writes wait for a backup that has locked them. */
  isLocked: boolean;
  /** Whether its disk is full. */
  isFull: boolean;
}

/** A vantage, with all tenants' VMs alike. */
export type ToyPlace = "application" | "outsider" | "tenant";

type BackupAccess = "list" | "get" | "restore" | "delete" | "download" | "source";

/** The behaviour of a broker, its backups and its firewall. A mutant changes one function for the worse. */
export interface Behaviour extends Access {
  onProvision(instance: ToyInstance, cloud: ToyCloud): void;
  onBind(instance: ToyInstance, binding: ToyBinding, cloud: ToyCloud): void;
  onUnbind(instance: ToyInstance, binding: ToyBinding, cloud: ToyCloud): void;
  /** The credentials of a new binding. `serial` is new each time. */
  mint(instance: ToyInstance, id: string, serial: number): Pick<ToyBinding, "username" | "password">;
  /** The binding that a request is about; undefined: a new one is created, or the answer is 404 or 410. */
  find(
    operation: "bind" | "fetch" | "poll" | "unbind",
    instance: ToyInstance,
    id: string,
    cloud: ToyCloud,
  ): ToyBinding | undefined;
  /** Whether the sender of a request is admitted. */
  authorizes(request: WireRequest, cloud: ToyCloud): boolean;
  /** Whether requests without TLS are answered. */
  readonly speaksPlain: boolean;
  /** Whether a removal names the offering of its instance. */
  isOffering(query: WireRequest["query"], instance: ToyInstance): boolean;
  /** Whether a plan takes parameters. */
  takes(parameters: JsonObject): boolean;
  /** Whether an existing binding was requested in the same way. */
  isSameBind(binding: ToyBinding, request: JsonObject): boolean;
  /** Whether a token belongs to an operation of an instance. */
  isOperationOf(token: string | undefined, instance: ToyInstance): boolean;
  /** The members that an instance shows besides its offering. */
  describeInstance(instance: ToyInstance): JsonObject;
  /** Whether a backup can be restored into an instance other than the one from which it was taken. */
  isSourceFor(instance: ToyInstance, backup: Task): boolean;
  /** Whether a backup can be listed, fetched, restored or removed through an instance. */
  owns(operation: BackupAccess, instance: ToyInstance, backup: Task, vault: ToyVault): boolean;
  dump(instance: ToyInstance, cloud: ToyCloud): Store;
  /** The end of a dump that takes its time. */
  finishDump(dump: Store, instance: ToyInstance, cloud: ToyCloud): Store;
  restore(instance: ToyInstance, dump: Store, cloud: ToyCloud): void;
  /** Whether one more operation on an instance has to wait. */
  isBusy(instance: ToyInstance, vault: ToyVault): boolean;
  /** The members that a backup or restore shows. */
  describe(task: Task, vault: ToyVault): Task;
  /** An earlier order with the same name. */
  findRepeat(instance: ToyInstance, name: string | undefined, vault: ToyVault): Task | undefined;
  /** The answer about an unknown id. */
  unknownStatus(operation: BackupAccess): number;
  /** Whether a backup under one key can be restored with another. */
  opens(backup: Task, key: string | undefined, vault: ToyVault): boolean;
  /** Shorter keys are refused. */
  readonly keyCharsMin: number;
  /** Members that settings show besides the usual ones. */
  moreSettings(settings: Settings, vault: ToyVault): JsonObject;
  /** The stored form of a backup. */
  store(backup: Task, vault: ToyVault): { readonly name: string; readonly text: string };
  /** Whether the stored backup is complete: this is checked before a restore touches anything. */
  verifies(backup: Task, vault: ToyVault): boolean;
  mayDownload(backup: Task): boolean;
  /** What happens to a backup that is removed. */
  forget(backup: Task): void;
  /** Which of the good backups, oldest first, are removed. */
  findExpired(backups: readonly Task[], settings: Settings, nowMs: number): readonly Task[];
  /** The moments within a span at which a schedule is due. */
  slots(cron: string, fromMs: number, untilMs: number): readonly number[];
  /** How a backup ends while a fault is on. */
  endUnder(fault: string, task: Task, vault: ToyVault): "failed" | "succeeded";
  /** Blocks writes while a backup is taken, if that is how it is made. */
  lock(instance: ToyInstance): void;
  /** Ends that lock. */
  unlock(instance: ToyInstance, state: "failed" | "succeeded"): void;
  /** The data at a moment. */
  at(instance: ToyInstance, atMs: number): Store;
  /** Called when the VM of an instance has been recreated at another address. */
  onMove(instance: ToyInstance, cloud: ToyCloud): void;
  /** Called when the node of an instance is lost, with everything that only it had. */
  onNodeLost(instance: ToyInstance): void;
  /** The window of moments that can be restored, given the first good backup. */
  window(instance: ToyInstance, first: Task | undefined, nowMs: number): readonly [number, number] | undefined;
  isInWindow(window: readonly [number, number], atMs: number): boolean;
  /** Called when the management database is set back to an older state. */
  setBack(instance: string, vault: ToyVault): void;
  /** What happens to the backups of an instance that is removed. */
  onDeprovision(instance: ToyInstance, cloud: ToyCloud): void;
  /** Whether the network lets a client through to a port. */
  reaches(instance: ToyInstance, port: number, from: ToyPlace): boolean;
  /** Whether a tenant's VM reaches the management plane. */
  readonly isManagementOpen: boolean;
  /** Whether the name of an instance that is gone still resolves. */
  readonly namesOutlive: boolean;
  /** The operator's view of an instance in a place. */
  look(name: string, instance: ToyInstance, cloud: ToyCloud): readonly string[];
  /** Whether a database admits a client that has reached it. */
  admits(instance: ToyInstance, login: Login, cloud: ToyCloud): boolean;
  /** The answer to a statement in the engine's own dialect; undefined if it is refused. */
  native(text: string, username: string, instance: ToyInstance, cloud: ToyCloud): TableRows | undefined;
}

/** Where the database of an instance listens. */
export const TOY_PORT = 5432;

/** The behaviour of a sound cloud. */
export const RIGHT: Behaviour = {
  onProvision: () => {},
  onBind: (instance, { username, password }) => {
    instance.users.set(username, password);
    instance.admitted.add("application");
  },
  onUnbind: (instance, { id, username }) => {
    instance.bindings.delete(id);
    instance.users.delete(username);
    endSessions(instance, username);
    if (instance.bindings.size === 0) instance.admitted.clear();
  },
  find: (_operation, instance, id) => instance.bindings.get(id),
  mint: (_instance, _id, serial) => ({ username: `u${serial}`, password: passwordFor(serial) }),
  authorizes: ({ headers }, { login }) => login === undefined || headers["authorization"] === login,
  speaksPlain: false,
  isOffering: (query, { request }) =>
    query["service_id"] === request["service_id"] && query["plan_id"] === request["plan_id"],
  takes: (parameters) => Object.keys(parameters).every((name) => name === "tls_key"),
  isSameBind: ({ request }, other) => request === undefined || isDeepStrictEqual(request, other),
  isOperationOf: (token, { id }) => token === undefined || token === `op-${id}`,
  describeInstance: () => ({}),
  isSourceFor: ({ request }, backup) => backup.owner === ownerOf(request) && backup.state !== "deleted",
  owns: (_operation, instance, backup) => backup.instance === instance.id && backup.state !== "deleted",
  dump: ({ store }) => copyOf(store),
  finishDump: (dump) => dump,
  restore: (instance, dump) => {
    endSessions(instance);
    replace(instance.store, dump);
  },
  isBusy: (instance, vault) => vault.running(instance.id) !== undefined,
  describe: (task) => task,
  findRepeat: (instance, name, vault) =>
    name === undefined ? undefined : vault.tasks().find((each) => each.name === name && each.instance === instance.id),
  unknownStatus: () => 404,
  opens: (backup, key) => backup.key === undefined || backup.key === key || key === undefined,
  keyCharsMin: 8,
  moreSettings: () => ({}),
  store: objectOf,
  verifies: (backup, vault) => openObject(backup, vault) !== undefined,
  mayDownload: ({ key, state }) => key !== undefined && state === "succeeded",
  forget: (backup) => {
    backup.state = "deleted";
    backup.dump = undefined;
  },
  findExpired: (backups, { keepMin, keepDays }, nowMs) =>
    backups.filter(
      (each, at) => backups.length - at - 1 >= Math.max(1, keepMin) && nowMs - each.finishedMs > keepDays * DAY_MS,
    ),
  slots: dailySlots,
  endUnder: () => "failed",
  lock: () => {},
  unlock: (instance) => void (instance.isLocked = false),
  at: ({ log }, atMs) => replay(log.filter((entry) => entry.atMs <= atMs)),
  onMove: ({ admitted, bindings }) => void (bindings.size > 0 && admitted.add("application")),
  onNodeLost: (instance) => {
    endSessions(instance);
    instance.store.tables.clear();
  },
  window: (_instance, first, nowMs) => (first === undefined ? undefined : [first.finishedMs, nowMs]),
  isInWindow: ([startMs, endMs], atMs) => startMs <= atMs && atMs <= endMs,
  setBack: () => {},
  onDeprovision: ({ id }, { vault }) => vault.purge(id),
  reaches: ({ admitted }, port, from) => port === TOY_PORT && admitted.has(from),
  admits: ({ users, database }, login) => users.get(login.username) === login.password && login.database === database,
  ...RIGHT_ACCESS,
  isManagementOpen: false,
  namesOutlive: false,
  look: soundLook,
  native: soundNative,
};

/** Milliseconds in a day. */
export const DAY_MS = 86_400_000;

/** A password that reveals nothing of its serial number: a permutation of 160 bits, as hexadecimal digits. */
function passwordFor(serial: number): string {
  let seed = (serial * 2_654_435_761) >>> 0;
  const words = Array.from({ length: 5 }, () => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0).toString(16).padStart(8, "0");
  });
  return `secret-${words.join("")}`;
}

/** Ends the sessions of one user, or all. */
export function endSessions({ sessions }: ToyInstance, username?: string): void {
  for (const [session, user] of sessions) if (username === undefined || user === username) sessions.delete(session);
}
