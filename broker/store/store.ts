import { Kysely, PostgresDialect, type Selectable } from "kysely";
import type { Host } from "../host.ts";
import { migrate } from "./migrations.ts";
import type { StorePool } from "./pool.ts";
import type { QuotaRule } from "./quotas.ts";
import type {
  AuditRow,
  BackupKeyRow,
  BackupRow,
  BackupSettingsRow,
  BindingRow,
  DashboardSessionRow,
  InstanceRow,
  LogFileRow,
  OperationKind,
  OperationRow,
  QuarantineRow,
  RestoreRow,
  RolloutRow,
  Tables,
} from "./schema.ts";
import { StoreSession } from "./session.ts";
import { backupSettingsIn, keysAndLogsIn } from "./tables/backup-settings.ts";
import { backupsIn, restoresIn } from "./tables/backups.ts";
import { bindingsIn } from "./tables/bindings.ts";
import { dashboardSessionsIn } from "./tables/dashboard-sessions.ts";
import { instancesIn } from "./tables/instances.ts";
import { leasesIn, periodicIn } from "./tables/leases.ts";
import { type AuditEntry, operatorIn } from "./tables/operator.ts";
import { operationQueriesIn, operationsIn } from "./tables/operations.ts";
import { rolloutsIn } from "./tables/rollouts.ts";

/** An operation, as all code outside the database layer sees it. */
export type Operation = Omit<OperationRow, "sequence" | "worker" | "fence" | "lease_until_ms" | "traceparent"> & {
  /** The trace that it belongs to, as a header of W3C Trace Context. Default: none. */
  readonly traceparent?: string;
  /** The process that works on it, as last read. */
  readonly worker: string;
  /** The number with which it was taken. */
  readonly fence: number;
};

/** A process that works on operations. */
export interface Worker {
  /** Differs from that of every other process, including earlier ones. */
  readonly name: string;
  /** How long this worker keeps an operation without a sign of life. */
  readonly leaseMs: number;
}

/** An operation that this process holds. */
interface HeldOperation {
  readonly id: string;
  readonly fence: number;
}

/** Who orders an operation, and what it creates. */
export interface Order {
  /** For the audit log; absent: it is not logged. */
  readonly actor?: string;
  readonly record?: NewRecord;
  /** The quotas that must have room for it. Default: none. */
  readonly quotas?: readonly QuotaRule[];
}

/** A record that an operation creates, stored together with it. */
export type NewRecord =
  | { readonly table: "instances"; readonly row: InstanceRow }
  | { readonly table: "bindings"; readonly row: BindingRow }
  | { readonly table: "backups"; readonly row: BackupRow }
  | { readonly table: "restores"; readonly row: RestoreRow };

/**
 * The broker's state: one data layer, the same SQL on pg-mem and on PostgreSQL. Each change is one statement or one transaction, so
 * none is ever half done. Every method throws StoreError while the database can't be reached.
 */
export interface Store {
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  /** The process to which this store belongs. */
  readonly worker: Worker;
  /** Whether no other process can reach the database. */
  readonly isPrivate: boolean;
  /** The same store for the worker on an operation: each change throws LeaseLostError once somebody else has taken the operation over. */
  fencedBy(operationId: string, fence: number): Store;
  instance(id: string): Promise<InstanceRow | undefined>;
  instances(): Promise<readonly InstanceRow[]>;
  /** Resolves to false if the id is taken. */
  addInstance(row: InstanceRow): Promise<boolean>;
  /** Compare-and-set: false if another change came first. */
  setInstance(row: InstanceRow, change: Partial<Omit<InstanceRow, "id" | "version">>): Promise<boolean>;
  deleteInstance(id: string): Promise<void>;
  binding(id: string): Promise<BindingRow | undefined>;
  bindings(): Promise<readonly BindingRow[]>;
  bindingsOf(instanceId: string): Promise<readonly BindingRow[]>;
  /** Resolves to false if the id is taken, as do the other methods that add. */
  addBinding(row: BindingRow): Promise<boolean>;
  setBinding(id: string, change: Partial<BindingRow>): Promise<void>;
  deleteBinding(id: string): Promise<void>;
  /**
   * Opens an operation, which this process holds and which keeps its instance busy, and stores the record that it creates. False if another
   * operation already keeps the instance busy, or the record's id is taken.
   *
   * @throws QuotaError
   */
  openOperation(row: Operation, order?: Order): Promise<boolean>;
  /** Opens an operation that waits for its turn; this process holds it. */
  enqueue(row: Operation, actor?: string): Promise<void>;
  /** Why an instance is out of use; undefined if it is not. */
  quarantineOf(instanceId: string): Promise<QuarantineRow | undefined>;
  quarantines(): Promise<readonly QuarantineRow[]>;
  /** Resolves to false if it was already out of use. */
  addQuarantine(row: QuarantineRow): Promise<boolean>;
  deleteQuarantine(instanceId: string): Promise<void>;
  /** Adds a line to the audit log. */
  note(entry: AuditEntry): Promise<void>;
  /** The newest lines, newest first: those before this sequence number, if one is given. */
  auditBefore(sequence: number | undefined, limit: number): Promise<readonly Selectable<AuditRow>[]>;
  /** Forgets lines older than this, in ms since the Unix epoch. */
  forgetAuditBefore(ms: number): Promise<void>;
  dashboardSession(id: string): Promise<DashboardSessionRow | undefined>;
  addDashboardSession(row: DashboardSessionRow): Promise<void>;
  deleteDashboardSession(id: string): Promise<void>;
  /** Forgets those that ended before this time, ms since the Unix epoch. */
  forgetDashboardSessionsBefore(ms: number): Promise<void>;
  rollout(id: string): Promise<RolloutRow | undefined>;
  /** The newest. */
  rollouts(limit: number): Promise<readonly RolloutRow[]>;
  runningRollout(): Promise<RolloutRow | undefined>;
  addRollout(row: RolloutRow): Promise<void>;
  /** Changes one that is running; false when it is not. */
  setRollout(id: string, change: Partial<RolloutRow>): Promise<boolean>;
  /** Instances by id, after this one: a page of all. */
  instancesAfter(id: string, limit: number): Promise<readonly InstanceRow[]>;
  /** Gives an operation its turn; false while another keeps the instance busy. */
  takeTurn(row: Operation): Promise<boolean>;
  /** The operation whose turn it is. */
  turnOf(instanceId: string): Promise<Operation | undefined>;
  operation(id: string): Promise<Operation | undefined>;
  /** The operation that keeps an instance busy: the newest one that is in progress or waits for its turn. */
  busyWith(instanceId: string): Promise<Operation | undefined>;
  /** The newest that a platform may ask about: of the instance itself when `bindingId` is empty. */
  newestOf(instanceId: string, bindingId: string): Promise<Operation | undefined>;
  /** Those in progress or being undone, oldest first. */
  openOperations(): Promise<readonly Operation[]>;
  /** Those of them that this process holds. */
  ownOperations(): Promise<readonly Operation[]>;
  /** From now on, the operation undoes its work. */
  undoOperation(id: string): Promise<void>;
  endOperation(id: string, state: "succeeded" | "failed", description: string): Promise<void>;
  /** Forgets all operations of an instance but one. */
  forgetOperations(instanceId: string, exceptId: string): Promise<void>;
  /** Takes every open operation, or those of some kinds, whose lease has ended. Nobody else gets one of them. */
  takeFree(kinds?: readonly OperationKind[]): Promise<readonly HeldOperation[]>;
  /** Takes one open operation if its lease has ended. Resolves to its new fence, or to nothing if somebody holds it. */
  take(id: string): Promise<number | undefined>;
  /** Renews every lease of this process. Returns everything that it still holds. */
  renew(): Promise<readonly HeldOperation[]>;
  /** Whether this process may do a piece of periodic work for this many ms: only one process may at a time. */
  holdLease(name: string, ms: number): Promise<boolean>;
  backup(id: string): Promise<BackupRow | undefined>;
  backups(): Promise<readonly BackupRow[]>;
  backupsOf(instanceId: string): Promise<readonly BackupRow[]>;
  addBackup(row: BackupRow): Promise<boolean>;
  setBackup(id: string, change: Partial<BackupRow>): Promise<void>;
  /** Of any instance of one owner, those that have ended well, newest first. */
  backupsOfOwner(owner: string): Promise<readonly BackupRow[]>;
  /** The backup that a platform ordered under this name. */
  backupOfRequest(instanceId: string, key: string): Promise<BackupRow | undefined>;
  deleteBackup(id: string): Promise<void>;
  deleteBackupsOf(instanceId: string): Promise<void>;
  restore(id: string): Promise<RestoreRow | undefined>;
  restoresOf(instanceId: string): Promise<readonly RestoreRow[]>;
  addRestore(row: RestoreRow): Promise<boolean>;
  setRestore(id: string, change: Partial<RestoreRow>): Promise<void>;
  /** The restore that a platform ordered under this name. */
  restoreOfRequest(instanceId: string, key: string): Promise<RestoreRow | undefined>;
  /** Restores of a backup that have not ended. */
  openRestoresFrom(backupId: string): Promise<readonly RestoreRow[]>;
  deleteRestoresOf(instanceId: string): Promise<void>;
  backupSettings(instanceId: string): Promise<BackupSettingsRow | undefined>;
  allBackupSettings(): Promise<readonly BackupSettingsRow[]>;
  /** Those whose schedule is due. */
  dueBackupSettings(nowMs: number): Promise<readonly BackupSettingsRow[]>;
  addBackupSettings(row: BackupSettingsRow): Promise<boolean>;
  setBackupSettings(instanceId: string, change: Partial<BackupSettingsRow>): Promise<void>;
  deleteBackupSettings(instanceId: string): Promise<void>;
  backupKeysOf(instanceId: string): Promise<readonly BackupKeyRow[]>;
  addBackupKey(row: BackupKeyRow): Promise<boolean>;
  deleteBackupKey(id: string): Promise<void>;
  logFilesOf(instanceId: string): Promise<readonly LogFileRow[]>;
  addLogFile(row: LogFileRow): Promise<boolean>;
  deleteLogFile(id: string): Promise<void>;
  deleteLogFilesOf(instanceId: string): Promise<void>;
}

/** How long a lease lasts by default: longer than a short stop of a process or of the network. */
const LEASE_MS = 15_000;

/** Nobody else can reach a private database, so whoever opens it is its only worker. */
const ONLY_WORKER = "the only one";

const storeOn = (session: StoreSession, worker: Worker, isPrivate: boolean): Store => ({
  worker,
  isPrivate,
  // If there is nobody else, nobody takes anything over.
  fencedBy: (id, fence) => storeOn(isPrivate ? session : session.fencedBy(id, fence), worker, isPrivate),
  ping: () => session.ping(),
  ...instancesIn(session),
  ...bindingsIn(session),
  ...operationsIn(session, worker),
  ...operationQueriesIn(session, worker),
  ...leasesIn(session, worker),
  ...periodicIn(session, worker),
  ...operatorIn(session),
  ...rolloutsIn(session),
  ...dashboardSessionsIn(session),
  ...backupsIn(session),
  ...restoresIn(session),
  ...backupSettingsIn(session),
  ...keysAndLogsIn(session),
});

/**
 * Opens the store and migrates it.
 *
 * @param leaseMs see `Worker`. Default: 15 s @throws StoreError if the database can't be reached; ConfigError if a newer broker has migrated it
 */
export async function openStore(pool: StorePool, host: Host, leaseMs = LEASE_MS): Promise<Store> {
  const session = new StoreSession(new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), host);
  await migrate(session, host.nowMs());
  const isPrivate = pool.isPrivate === true;
  const name = isPrivate ? ONLY_WORKER : Buffer.from(host.randomBytes(WORKER_BYTES)).toString("hex");
  return storeOn(session, { name, leaseMs }, isPrivate);
}

const WORKER_BYTES = 8;

/** Ends every lease of a worker that has stopped. @throws what the database throws */
export async function releaseLeases(pool: StorePool, worker: Worker): Promise<void> {
  if (pool.isPrivate === true) return;
  const client = await pool.connect();
  try {
    await client.query("update operations set worker = '', lease_until_ms = 0 where worker = $1", [worker.name]);
  } finally {
    client.release();
  }
}
