import type { Generated } from "kysely";

/** An instance that its operator took out of use. */
export interface QuarantineRow {
  instance_id: string;
  reason: string;
  since_ms: number;
}

/** The session of a dashboard's user. */
export interface DashboardSessionRow {
  /** A digest of what the browser holds. */
  id: string;
  user_name: string;
  /** Sealed: the platform's token. */
  token: string;
  expires_ms: number;
}

/** A rollout: a walk over all instances that updates them. */
export interface RolloutRow {
  id: string;
  /** `stopped`: by an operator, or after too many failures; `incomplete`: it has seen every instance, and left some behind. */
  state: "running" | "succeeded" | "incomplete" | "stopped";
  /** The intended releases and stemcell of instances, as JSON. */
  maintenance: string;
  /** Instances at once. */
  wave: number;
  failures_max: number;
  /** Id of the last instance that it has handled; empty: none. */
  cursor_id: string;
  waves: number;
  updated: number;
  /** Ids of instances with the reasons, as JSON. */
  failed: string;
  skipped: string;
  started_ms: number;
  /** 0 until it has ended. */
  finished_ms: number;
}

/** The action or order. */
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
