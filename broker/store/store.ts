import { Kysely, PostgresDialect, type PostgresPool, sql } from "kysely";
import { StoreError } from "../errors.ts";
import type { Host } from "../host.ts";
import { isOutage } from "./outage.ts";
import {
  type BackupRow,
  type BindingRow,
  type InstanceRow,
  type OperationRow,
  type RestoreRow,
  SCHEMA,
  type Tables,
} from "./schema.ts";

export type Operation = Omit<OperationRow, "sequence">;

/**
 * The broker's state: one data layer, the same SQL on pg-mem and on PostgreSQL. Each change is one statement, so none is half made. Every
 * method throws StoreError while the database can't be reached.
 */
export interface Store {
  instance(id: string): Promise<InstanceRow | undefined>;
  instances(): Promise<readonly InstanceRow[]>;
  /** Answers false when the id is taken. */
  addInstance(row: InstanceRow): Promise<boolean>;
  /** Compare-and-set: false when somebody else changed it first. */
  setInstance(row: InstanceRow, change: Partial<Omit<InstanceRow, "id" | "version">>): Promise<boolean>;
  deleteInstance(id: string): Promise<void>;
  binding(id: string): Promise<BindingRow | undefined>;
  bindings(): Promise<readonly BindingRow[]>;
  bindingsOf(instanceId: string): Promise<readonly BindingRow[]>;
  addBinding(row: BindingRow): Promise<boolean>;
  setBinding(id: string, change: Partial<BindingRow>): Promise<void>;
  deleteBinding(id: string): Promise<void>;
  /** Opens an operation that keeps its instance busy; false when another does already. */
  claim(row: Operation): Promise<boolean>;
  /** Opens an operation that waits for its turn. */
  enqueue(row: Operation): Promise<void>;
  /** Gives an operation its turn; false while another keeps the instance busy. */
  takeTurn(row: Operation): Promise<boolean>;
  /** The operation whose turn it is. */
  turnOf(instanceId: string): Promise<Operation | undefined>;
  operation(id: string): Promise<Operation | undefined>;
  /** What keeps an instance busy: the newest operation that goes on or waits for its turn. */
  busyWith(instanceId: string): Promise<Operation | undefined>;
  /** The newest that a platform may ask about: of the instance itself when `bindingId` is empty. */
  newestOf(instanceId: string, bindingId: string): Promise<Operation | undefined>;
  openOperations(): Promise<readonly Operation[]>;
  /** From now on the operation is one that takes back what was done. */
  undoOperation(id: string): Promise<void>;
  endOperation(id: string, state: "succeeded" | "failed", description: string): Promise<void>;
  /** Forgets the operations of an instance but one. */
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

/** PostgreSQL gives 64-bit numbers as text. */
const parseNumbers = <T extends object>(row: T): T =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      name.endsWith("_ms") || name.endsWith("_bytes") ? Number(value) : value,
    ]),
  ) as T;

interface Statement<T> {
  execute(): Promise<T>;
}

/** Asks the database and says so to the host. */
class Session {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  async run<T>(statement: Statement<T>): Promise<T> {
    try {
      return await this.#host.track(statement.execute());
    } catch (error) {
      throw isOutage(error) ? new StoreError(error) : error;
    }
  }

  async done(statement: Statement<unknown>): Promise<void> {
    await this.run(statement);
  }

  /** Did the statement, which returns what it changed, change anything? pg-mem's count of rows is wrong after a conflict. */
  async changed(statement: Statement<readonly object[]>): Promise<boolean> {
    return (await this.run(statement)).length > 0;
  }

  async many<T extends object>(statement: Statement<T[]>): Promise<readonly T[]> {
    return (await this.run(statement)).map(parseNumbers);
  }

  async one<T extends object>(statement: Statement<T[]>): Promise<T | undefined> {
    return (await this.many(statement))[0];
  }
}

type Db = Kysely<Tables>;

const instancesIn = (db: Db, session: Session) => ({
  instance: (id: string) => session.one(db.selectFrom("instances").selectAll().where("id", "=", id)),
  instances: () => session.many(db.selectFrom("instances").selectAll().orderBy("created_ms").orderBy("id")),
  addInstance: (row: InstanceRow) =>
    session.changed(
      db
        .insertInto("instances")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("id"),
    ),
  setInstance: (row: InstanceRow, change: Partial<InstanceRow>) =>
    session.changed(
      db
        .updateTable("instances")
        .set({ ...change, version: row.version + 1 })
        .where("id", "=", row.id)
        .where("version", "=", row.version)
        .returning("id"),
    ),
  deleteInstance: (id: string) => session.done(db.deleteFrom("instances").where("id", "=", id)),
});

const bindingsIn = (db: Db, session: Session) => ({
  binding: (id: string) => session.one(db.selectFrom("bindings").selectAll().where("id", "=", id)),
  bindings: () => session.many(db.selectFrom("bindings").selectAll().orderBy("created_ms").orderBy("id")),
  bindingsOf: (instanceId: string) =>
    session.many(
      db.selectFrom("bindings").selectAll().where("instance_id", "=", instanceId).orderBy("created_ms").orderBy("id"),
    ),
  addBinding: (row: BindingRow) =>
    session.changed(
      db
        .insertInto("bindings")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("id"),
    ),
  setBinding: (id: string, change: Partial<BindingRow>) =>
    session.done(db.updateTable("bindings").set(change).where("id", "=", id)),
  deleteBinding: (id: string) => session.done(db.deleteFrom("bindings").where("id", "=", id)),
});

const COLUMNS = [
  "id",
  "instance_id",
  "binding_id",
  "kind",
  "state",
  "description",
  "payload",
  "busy",
  "created_ms",
] as const;
const OPEN = ["in progress", "undoing"] as const;
const UNIQUE_VIOLATION = "23505";

/** Is what was refused refused because another row has the value? */
async function isFree(change: Promise<unknown>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === UNIQUE_VIOLATION) return false;
    throw error;
  }
}

const operationsIn = (db: Db, session: Session) => {
  const select = () => db.selectFrom("operations").select(COLUMNS);
  return {
    claim: (row: Operation) =>
      session.changed(
        db
          .insertInto("operations")
          .values({ ...row, busy: row.instance_id })
          .onConflict((conflict) => conflict.doNothing())
          .returning("id"),
      ),
    enqueue: (row: Operation) => session.done(db.insertInto("operations").values({ ...row, busy: null })),
    takeTurn: (row: Operation) =>
      isFree(session.run(db.updateTable("operations").set({ busy: row.instance_id }).where("id", "=", row.id))),
    turnOf: (instanceId: string) => session.one(select().where("busy", "=", instanceId)),
    operation: (id: string) => session.one(select().where("id", "=", id)),
    busyWith: (instanceId: string) =>
      session.one(
        select().where("instance_id", "=", instanceId).where("state", "in", OPEN).orderBy("sequence", "desc").limit(1),
      ),
    newestOf: (instanceId: string, bindingId: string) =>
      session.one(
        select()
          .where("instance_id", "=", instanceId)
          .where("binding_id", "=", bindingId)
          .where("kind", "in", bindingId === "" ? ["provision", "update", "deprovision"] : ["bind", "unbind"])
          .orderBy("sequence", "desc")
          .limit(1),
      ),
    openOperations: () => session.many(select().where("state", "in", OPEN).orderBy("sequence")),
    undoOperation: (id: string) =>
      session.done(db.updateTable("operations").set({ state: "undoing" }).where("id", "=", id)),
    endOperation: (id: string, state: "succeeded" | "failed", description: string) =>
      session.done(db.updateTable("operations").set({ state, description, busy: null }).where("id", "=", id)),
    forgetOperations: (instanceId: string, exceptId: string) =>
      session.done(db.deleteFrom("operations").where("instance_id", "=", instanceId).where("id", "!=", exceptId)),
  };
};

const backupsIn = (db: Db, session: Session) => ({
  backup: (id: string) => session.one(db.selectFrom("backups").selectAll().where("id", "=", id)),
  backups: () => session.many(db.selectFrom("backups").selectAll().orderBy("triggered_ms").orderBy("id")),
  backupsOf: (instanceId: string) =>
    session.many(
      db.selectFrom("backups").selectAll().where("instance_id", "=", instanceId).orderBy("triggered_ms").orderBy("id"),
    ),
  addBackup: (row: BackupRow) =>
    session.changed(
      db
        .insertInto("backups")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("id"),
    ),
  setBackup: (id: string, change: Partial<BackupRow>) =>
    session.done(db.updateTable("backups").set(change).where("id", "=", id)),
  deleteBackupsOf: (instanceId: string) => session.done(db.deleteFrom("backups").where("instance_id", "=", instanceId)),
});

const restoresIn = (db: Db, session: Session) => ({
  restore: (id: string) => session.one(db.selectFrom("restores").selectAll().where("id", "=", id)),
  restoresOf: (instanceId: string) =>
    session.many(
      db.selectFrom("restores").selectAll().where("instance_id", "=", instanceId).orderBy("triggered_ms").orderBy("id"),
    ),
  addRestore: (row: RestoreRow) =>
    session.changed(
      db
        .insertInto("restores")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("id"),
    ),
  setRestore: (id: string, change: Partial<RestoreRow>) =>
    session.done(db.updateTable("restores").set(change).where("id", "=", id)),
  deleteRestoresOf: (instanceId: string) =>
    session.done(db.deleteFrom("restores").where("instance_id", "=", instanceId)),
});

/** Opens the store and makes its tables where they are missing. @throws StoreError when the database can't be reached */
export async function openStore(pool: PostgresPool, host: Host): Promise<Store> {
  const db: Db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const session = new Session(host);
  for (const statement of SCHEMA) await session.run({ execute: () => sql.raw(statement).execute(db) });
  return {
    ...instancesIn(db, session),
    ...bindingsIn(db, session),
    ...operationsIn(db, session),
    ...backupsIn(db, session),
    ...restoresIn(db, session),
  };
}
