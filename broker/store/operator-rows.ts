import type { Generated } from "kysely";

/** An instance that its operator has taken out of use. */
export interface QuarantineRow {
  instance_id: string;
  reason: string;
  since_ms: number;
}

/** Somebody in front of dashboards. */
export interface DashboardSessionRow {
  /** A digest of what the browser holds. */
  id: string;
  user_name: string;
  /** Sealed: the platform's token. */
  token: string;
  expires_ms: number;
}

/** A walk over all instances that brings them to what they are to be made of. */
export interface RolloutRow {
  id: string;
  /** `stopped`: by an operator, or after too many failures; `incomplete`: it has seen every instance, and left some behind. */
  state: "running" | "succeeded" | "incomplete" | "stopped";
  /** JSON of what instances are to be made of. */
  maintenance: string;
  /** Instances at once. */
  wave: number;
  failures_max: number;
  /** Id of the last instance that it has seen; empty: none. */
  cursor_id: string;
  waves: number;
  updated: number;
  /** JSON: ids of instances, with the reasons. */
  failed: string;
  skipped: string;
  started_ms: number;
  /** 0 until it has ended. */
  finished_ms: number;
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
