import type { Generated } from "kysely";
import Type, { type Static } from "typebox";
import type { AuditRow, DashboardSessionRow, QuarantineRow, RolloutRow } from "./operator-rows.ts";

export type { AuditRow, DashboardSessionRow, QuarantineRow, RolloutRow } from "./operator-rows.ts";

/** Rows as SQL holds them; JSON is text, times are ms since the Unix epoch. */
export interface Tables {
  instances: InstanceRow;
  bindings: BindingRow;
  operations: OperationRow;
  backups: BackupRow;
  restores: RestoreRow;
  leases: LeaseRow;
  backup_settings: BackupSettingsRow;
  backup_keys: BackupKeyRow;
  log_files: LogFileRow;
  quarantines: QuarantineRow;
  audit: AuditRow;
  rollouts: RolloutRow;
  dashboard_sessions: DashboardSessionRow;
}

/** The schema of a row, for the payload of the operation that makes it. */
export const InstanceRow = Type.Object({
  id: Type.String(),
  plan_id: Type.String(),
  deployment: Type.String(),
  /**
   * `ready` also while an update is in progress: the operation says so. `failed`: it was never created and nothing of it is left. `broken`: its
   * update could be neither completed nor undone, or its deletion has begun; it can be updated or deleted.
   */
  state: Type.Enum(["creating", "ready", "broken", "failed"]),
  /** Its owner, to distinguish an identical request from another: organization, space, platform. */
  owner: Type.String(),
  parameters: Type.String(),
  context: Type.String(),
  /** Sealed: passwords of the instance. */
  secrets: Type.String(),
  /** Address of the first VM; empty until there is one. */
  address: Type.String(),
  version: Type.Integer(),
  created_ms: Type.Number(),
  /** JSON of what it was deployed from (`spi/maintenance.ts`); empty in records of earlier brokers. */
  maintenance: Type.String(),
});
/** A service instance. */
export type InstanceRow = Static<typeof InstanceRow>;

/** The schema of a row, for the payload of the operation that makes it. */
export const BindingRow = Type.Object({
  id: Type.String(),
  instance_id: Type.String(),
  state: Type.Enum(["creating", "ready", "removing"]),
  /** The request's fingerprint, to distinguish an identical request from another. */
  request: Type.String(),
  username: Type.String(),
  /** Sealed. */
  password: Type.String(),
  created_ms: Type.Number(),
});
/** A service binding. */
export type BindingRow = Static<typeof BindingRow>;

/** The kind of work of an operation. */
export type OperationKind = "provision" | "update" | "deprovision" | "bind" | "unbind" | "backup" | "restore" | "mend";

/** An operation, open or ended. */
export interface OperationRow {
  id: string;
  instance_id: string;
  /** Empty unless the operation concerns one binding. */
  binding_id: string;
  kind: OperationKind;
  /** `undoing`: the work has definitively failed and is being undone; to a platform the operation is in progress. */
  state: "in progress" | "undoing" | "succeeded" | "failed";
  description: string;
  /** The input of the operation, as JSON. */
  payload: string;
  /** The instance while it is this operation's turn, else null. The column is unique, so an instance has one operation at a time. */
  busy: string | null;
  created_ms: number;
  /** Order of creation. */
  sequence: Generated<number>;
  /** The process that works on it; empty: nobody. */
  worker: Generated<string>;
  /** Counts how often it was taken; a worker with a smaller number has lost it. */
  fence: Generated<number>;
  /** The trace that it belongs to (W3C Trace Context); empty: none. */
  traceparent: Generated<string>;
  /** By the database's clock: from then on, anybody may take it. */
  lease_until_ms: Generated<number>;
}

/** Periodic work of which one process at a time does its share. */
interface LeaseRow {
  name: string;
  worker: string;
  lease_until_ms: number;
}

/** The schema of a row, for the payload of the operation that makes it. */
export const BackupRow = Type.Object({
  id: Type.String(),
  instance_id: Type.String(),
  /** The instance's deployment when the backup was ordered: a later instance with the same id is a different one. */
  deployment: Type.String(),
  /** As `InstanceRow.owner`. */
  owner: Type.String(),
  state: Type.Enum(["queued", "running", "succeeded", "failed", "deleted"]),
  /** Who ordered it. */
  origin: Type.Enum(["request", "schedule"]),
  /** The platform's name for its order, so that it can repeat it; the broker's own name if it gave none. */
  request_key: Type.String(),
  /** Object names and checksums, as JSON. */
  parts: Type.String(),
  /** Size of the dump before compression; 0 until the backup has succeeded. */
  size_bytes: Type.Number(),
  /** Sealed: the key of the backup. Empty if the tenant's key wraps it. */
  data_key: Type.String(),
  /** The key of the backup, wrapped by the tenant's key. Empty if there was none. */
  wrapped_key: Type.String(),
  /** Version of the tenant's key; 0: there was none. */
  key_version: Type.Integer(),
  /** The history to which it belongs: each restore into the instance begins a new one. */
  epoch: Type.Integer(),
  triggered_ms: Type.Number(),
  /** 0 until it has begun. */
  started_ms: Type.Number(),
  /** 0 until it has ended. */
  finished_ms: Type.Number(),
  /** When it is removed, if its instance is gone; 0 while its instance exists. */
  expires_ms: Type.Number(),
});
/** A backup of one instance. */
export type BackupRow = Static<typeof BackupRow>;

/** The schema of a row, for the payload of the operation that makes it. */
export const RestoreRow = Type.Object({
  id: Type.String(),
  instance_id: Type.String(),
  backup_id: Type.String(),
  /** Whose backup it is: of the instance itself, unless it is restored into a new one. */
  source_instance_id: Type.String(),
  state: Type.Enum(["queued", "running", "succeeded", "failed"]),
  request_key: Type.String(),
  /** The moment that is restored; 0: that of the backup. */
  target_ms: Type.Number(),
  /** Sealed: the tenant's key, if it came with the order. Empty once it has ended. */
  key_sealed: Type.String(),
  triggered_ms: Type.Number(),
  /** 0 until it has ended. */
  finished_ms: Type.Number(),
});
/** A restore into an instance. */
export type RestoreRow = Static<typeof RestoreRow>;

/** How one instance is backed up. */
export interface BackupSettingsRow {
  instance_id: string;
  deployment: string;
  /** Of the tenant's key in force; 0: none was ever set. */
  key_version: number;
  /** A cron expression of five fields; empty: no schedule. */
  schedule: string;
  /** IANA name of the zone in which the schedule is meant. */
  time_zone: string;
  /** Whether the instance is left out of schedules. */
  is_excluded: boolean;
  /** How many of the newest good backups are always kept. */
  keep_min: number;
  /** Days for which every backup is kept. */
  keep_days: number;
  /** When the schedule is due next; 0: never. */
  due_ms: number;
  /** The latest due time that passed without a backup, and how many did so in all. */
  missed_ms: number;
  missed_count: number;
  /** The current history of the instance. */
  epoch: number;
  /** The operation that began it; empty: none, it is the first. */
  last_restore: string;
  /** The time up to which the log is collected in this epoch; 0: not at all. */
  log_until_ms: number;
}

/** A key that a tenant set; it is kept as long as backups need it. */
export interface BackupKeyRow {
  id: string;
  instance_id: string;
  deployment: string;
  version: number;
  /** Sealed. */
  sealed: string;
  created_ms: number;
}

/** A file of an instance's log. */
export interface LogFileRow {
  id: string;
  instance_id: string;
  deployment: string;
  epoch: number;
  name: string;
  /** As those of a backup. */
  parts: string;
  /** Sealed. */
  data_key: string;
  collected_ms: number;
}
