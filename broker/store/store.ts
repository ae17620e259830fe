import { Kysely, PostgresDialect, type PostgresPool, sql } from "kysely";
import type { Host } from "../host.ts";
import {
  type BackupRow,
  type BindingRow,
  type InstanceRow,
  type OperationRow,
  type RestoreRow,
  SCHEMA,
  type Tables,
} from "./schema.ts";
import { StoreSession } from "./session.ts";
import { backupsIn, restoresIn } from "./tables/backups.ts";
import { bindingsIn } from "./tables/bindings.ts";
import { instancesIn } from "./tables/instances.ts";
import { operationsIn } from "./tables/operations.ts";

/** An operation, as all code outside the database layer sees it. */
export type Operation = Omit<OperationRow, "sequence">;

/**
 * The broker's state: one data layer, the same SQL on pg-mem and on PostgreSQL. Each change is one statement, so none is ever half done. Every
 * method throws StoreError while the database can't be reached.
 */
export interface Store {
  instance(id: string): Promise<InstanceRow | undefined>;
  instances(): Promise<readonly InstanceRow[]>;
  /** Resolves to false when the id is taken. */
  addInstance(row: InstanceRow): Promise<boolean>;
  /** Compare-and-set: false when another change came first. */
  setInstance(row: InstanceRow, change: Partial<Omit<InstanceRow, "id" | "version">>): Promise<boolean>;
  deleteInstance(id: string): Promise<void>;
  binding(id: string): Promise<BindingRow | undefined>;
  bindings(): Promise<readonly BindingRow[]>;
  bindingsOf(instanceId: string): Promise<readonly BindingRow[]>;
  /** Resolves to false when the id is taken, as do the other methods that add. */
  addBinding(row: BindingRow): Promise<boolean>;
  setBinding(id: string, change: Partial<BindingRow>): Promise<void>;
  deleteBinding(id: string): Promise<void>;
  /** Opens an operation that keeps its instance busy; false when another one already does. */
  claim(row: Operation): Promise<boolean>;
  /** Opens an operation that waits for its turn. */
  enqueue(row: Operation): Promise<void>;
  /** Gives an operation its turn; false while another keeps the instance busy. */
  takeTurn(row: Operation): Promise<boolean>;
  /** The operation whose turn it is. */
  turnOf(instanceId: string): Promise<Operation | undefined>;
  operation(id: string): Promise<Operation | undefined>;
  /** What keeps an instance busy: the newest operation that is in progress or waits for its turn. */
  busyWith(instanceId: string): Promise<Operation | undefined>;
  /** The newest that a platform may ask about: of the instance itself when `bindingId` is empty. */
  newestOf(instanceId: string, bindingId: string): Promise<Operation | undefined>;
  /** Those in progress or being undone, oldest first. */
  openOperations(): Promise<readonly Operation[]>;
  /** From now on, the operation undoes what was done. */
  undoOperation(id: string): Promise<void>;
  endOperation(id: string, state: "succeeded" | "failed", description: string): Promise<void>;
  /** Forgets all operations of an instance but one. */
  forgetOperations(instanceId: string, exceptId: string): Promise<void>;
  backup(id: string): Promise<BackupRow | undefined>;
  backups(): Promise<readonly BackupRow[]>;
  backupsOf(instanceId: string): Promise<readonly BackupRow[]>;
  addBackup(row: BackupRow): Promise<boolean>;
  setBackup(id: string, change: Partial<BackupRow>): Promise<void>;
  deleteBackupsOf(instanceId: string): Promise<void>;
  restore(id: string): Promise<RestoreRow | undefined>;
  restoresOf(instanceId: string): Promise<readonly RestoreRow[]>;
  addRestore(row: RestoreRow): Promise<boolean>;
  setRestore(id: string, change: Partial<RestoreRow>): Promise<void>;
  deleteRestoresOf(instanceId: string): Promise<void>;
}

/** Opens the store and creates missing tables. @throws StoreError when the database can't be reached */
export async function openStore(pool: PostgresPool, host: Host): Promise<Store> {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const session = new StoreSession(host);
  for (const statement of SCHEMA) await session.run({ execute: () => sql.raw(statement).execute(db) });
  return {
    ...instancesIn(db, session),
    ...bindingsIn(db, session),
    ...operationsIn(db, session),
    ...backupsIn(db, session),
    ...restoresIn(db, session),
  };
}
