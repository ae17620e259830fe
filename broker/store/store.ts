import { Kysely, PostgresDialect, type PostgresPool, sql } from "kysely";
import { newDb } from "pg-mem";
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

/** The broker's state: one data layer, the same SQL on pg-mem and on PostgreSQL. Each change is one statement, so none is half made. */
export interface Store {
  instance(id: string): Promise<InstanceRow | undefined>;
  instances(): Promise<readonly InstanceRow[]>;
  /** Answers false when the id is taken. */
  addInstance(row: InstanceRow): Promise<boolean>;
  /** Compare-and-set: false when somebody else changed it first. */
  setInstance(row: InstanceRow, change: Partial<Omit<InstanceRow, "id" | "version">>): Promise<boolean>;
  deleteInstance(id: string): Promise<void>;
  binding(id: string): Promise<BindingRow | undefined>;
  bindingsOf(instanceId: string): Promise<readonly BindingRow[]>;
  addBinding(row: BindingRow): Promise<boolean>;
  setBinding(id: string, change: Partial<BindingRow>): Promise<void>;
  deleteBinding(id: string): Promise<void>;
  addOperation(row: Omit<OperationRow, "sequence">): Promise<void>;
  /** The newest of an instance. */
  operationOf(instanceId: string): Promise<Omit<OperationRow, "sequence"> | undefined>;
  openOperations(): Promise<readonly Omit<OperationRow, "sequence">[]>;
  endOperation(id: string, state: "succeeded" | "failed", description: string): Promise<void>;
  backup(id: string): Promise<BackupRow | undefined>;
  backupsOf(instanceId: string): Promise<readonly BackupRow[]>;
  addBackup(row: BackupRow): Promise<void>;
  setBackup(id: string, change: Partial<BackupRow>): Promise<void>;
  deleteBackupsOf(instanceId: string): Promise<void>;
  restore(id: string): Promise<RestoreRow | undefined>;
  restoresOf(instanceId: string): Promise<readonly RestoreRow[]>;
  addRestore(row: RestoreRow): Promise<void>;
  setRestore(id: string, change: Partial<RestoreRow>): Promise<void>;
}

/** A pool on an embedded database, gone with the process. */
export const embeddedPool = (): PostgresPool => new (newDb().adapters.createPg().Pool as new () => PostgresPool)();

/** PostgreSQL gives 64-bit numbers as text. */
const numbered = <T extends object>(row: T): T =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      name.endsWith("_ms") || name.endsWith("_bytes") ? Number(value) : value,
    ]),
  ) as T;

/** Opens the store and makes its tables where they are missing. */
export async function openStore(pool: PostgresPool, host: Host): Promise<Store> {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const run = <T>(query: { execute(): Promise<T> }): Promise<T> => host.track(query.execute());
  for (const statement of SCHEMA) await host.track(sql.raw(statement).execute(db));
  const one = async <T extends object>(query: { execute(): Promise<T[]> }): Promise<T | undefined> => {
    const [row] = await run(query);
    return row && numbered(row);
  };
  const many = async <T extends object>(query: { execute(): Promise<T[]> }): Promise<readonly T[]> =>
    (await run(query)).map(numbered);
  const changed = (
    result: readonly { readonly numUpdatedRows?: bigint; readonly numInsertedOrUpdatedRows?: bigint | undefined }[],
  ): boolean => (result[0]?.numUpdatedRows ?? result[0]?.numInsertedOrUpdatedRows ?? 0n) > 0n;
  const operations = ["id", "instance_id", "kind", "state", "description", "payload", "created_ms"] as const;
  return {
    instance: (id) => one(db.selectFrom("instances").selectAll().where("id", "=", id)),
    instances: () => many(db.selectFrom("instances").selectAll().orderBy("created_ms").orderBy("id")),
    addInstance: async (row) =>
      changed(
        await run(
          db
            .insertInto("instances")
            .values(row)
            .onConflict((conflict) => conflict.column("id").doNothing()),
        ),
      ),
    setInstance: async (row, change) =>
      changed(
        await run(
          db
            .updateTable("instances")
            .set({ ...change, version: row.version + 1 })
            .where("id", "=", row.id)
            .where("version", "=", row.version),
        ),
      ),
    deleteInstance: async (id) => void (await run(db.deleteFrom("instances").where("id", "=", id))),
    binding: (id) => one(db.selectFrom("bindings").selectAll().where("id", "=", id)),
    bindingsOf: (instanceId) =>
      many(
        db.selectFrom("bindings").selectAll().where("instance_id", "=", instanceId).orderBy("created_ms").orderBy("id"),
      ),
    addBinding: async (row) =>
      changed(
        await run(
          db
            .insertInto("bindings")
            .values(row)
            .onConflict((conflict) => conflict.column("id").doNothing()),
        ),
      ),
    setBinding: async (id, change) => void (await run(db.updateTable("bindings").set(change).where("id", "=", id))),
    deleteBinding: async (id) => void (await run(db.deleteFrom("bindings").where("id", "=", id))),
    addOperation: async (row) => void (await run(db.insertInto("operations").values(row))),
    operationOf: (instanceId) =>
      one(
        db
          .selectFrom("operations")
          .select(operations)
          .where("instance_id", "=", instanceId)
          .orderBy("sequence", "desc")
          .limit(1),
      ),
    openOperations: () =>
      many(db.selectFrom("operations").select(operations).where("state", "=", "in progress").orderBy("sequence")),
    endOperation: async (id, state, description) =>
      void (await run(db.updateTable("operations").set({ state, description }).where("id", "=", id))),
    backup: (id) => one(db.selectFrom("backups").selectAll().where("id", "=", id)),
    backupsOf: (instanceId) =>
      many(
        db
          .selectFrom("backups")
          .selectAll()
          .where("instance_id", "=", instanceId)
          .orderBy("triggered_ms")
          .orderBy("id"),
      ),
    addBackup: async (row) => void (await run(db.insertInto("backups").values(row))),
    setBackup: async (id, change) => void (await run(db.updateTable("backups").set(change).where("id", "=", id))),
    deleteBackupsOf: async (instanceId) =>
      void (await run(db.deleteFrom("backups").where("instance_id", "=", instanceId))),
    restore: (id) => one(db.selectFrom("restores").selectAll().where("id", "=", id)),
    restoresOf: (instanceId) =>
      many(
        db
          .selectFrom("restores")
          .selectAll()
          .where("instance_id", "=", instanceId)
          .orderBy("triggered_ms")
          .orderBy("id"),
      ),
    addRestore: async (row) => void (await run(db.insertInto("restores").values(row))),
    setRestore: async (id, change) => void (await run(db.updateTable("restores").set(change).where("id", "=", id))),
  };
}
