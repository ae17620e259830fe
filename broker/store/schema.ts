import type { Generated } from "kysely";
import Type, { type Static } from "typebox";

/** Rows as SQL holds them; JSON is text, times are ms since the Unix epoch. */
export interface Tables {
  instances: InstanceRow;
  bindings: BindingRow;
  operations: OperationRow;
  backups: BackupRow;
  restores: RestoreRow;
  leases: LeaseRow;
  quarantines: QuarantineRow;
  audit: AuditRow;
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
});
/** A service instance. */
export type InstanceRow = Static<typeof InstanceRow>;

/** The schema of a row, for the payload of the operation that makes it. */
export const BindingRow = Type.Object({
  id: Type.String(),
  instance_id: Type.String(),
  state: Type.Enum(["creating", "ready", "removing"]),
  /** What was requested, to distinguish an identical request from another. */
  request: Type.String(),
  username: Type.String(),
  /** Sealed. */
  password: Type.String(),
  created_ms: Type.Number(),
});
/** A service binding. */
export type BindingRow = Static<typeof BindingRow>;

/** What an operation does. */
export type OperationKind = "provision" | "update" | "deprovision" | "bind" | "unbind" | "backup" | "restore" | "mend";

/** An operation, open or ended. */
export interface OperationRow {
  id: string;
  instance_id: string;
  /** Empty unless the operation concerns one binding. */
  binding_id: string;
  kind: OperationKind;
  /** `undoing`: the work has failed for good and is being undone; to a platform the operation is in progress. */
  state: "in progress" | "undoing" | "succeeded" | "failed";
  description: string;
  /** What the operation works on, as JSON. */
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

/** An instance that its operator has taken out of use. */
export interface QuarantineRow {
  instance_id: string;
  reason: string;
  since_ms: number;
}

/** What somebody has done or ordered. */
export interface AuditRow {
  /** Order in which it was written. */
  sequence: Generated<number>;
  at_ms: number;
  /** `platform`, with the originating identity if there is one, or `operator`. */
  actor: string;
  /** The kind of an operation, or an operator's action. */
  action: string;
  /** Id of the instance, binding, or whatever else it was about. */
  subject: string;
  detail: string;
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
  state: Type.Enum(["queued", "running", "succeeded", "failed", "deleted"]),
  /** Object names and checksums, as JSON. */
  parts: Type.String(),
  /** Size of the dump before compression; 0 until the backup has succeeded. */
  size_bytes: Type.Number(),
  triggered_ms: Type.Number(),
  /** 0 until it has ended. */
  finished_ms: Type.Number(),
});
/** A backup of one instance. */
export type BackupRow = Static<typeof BackupRow>;

/** The schema of a row, for the payload of the operation that makes it. */
export const RestoreRow = Type.Object({
  id: Type.String(),
  instance_id: Type.String(),
  backup_id: Type.String(),
  state: Type.Enum(["queued", "running", "succeeded", "failed"]),
  triggered_ms: Type.Number(),
  /** 0 until it has ended. */
  finished_ms: Type.Number(),
});
/** A restore of a backup into its own instance. */
export type RestoreRow = Static<typeof RestoreRow>;
