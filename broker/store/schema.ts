import type { Generated } from "kysely";

/** Rows as SQL holds them; JSON is text, times are ms since the Unix epoch. */
export interface Tables {
  instances: InstanceRow;
  bindings: BindingRow;
  operations: OperationRow;
  backups: BackupRow;
  restores: RestoreRow;
}

/**
 * `ready` also while an update goes on: the operation says so. `failed`: it never came to be and nothing of it is left. `broken`: its update
 * could be neither carried out nor taken back, or its deletion has begun; it can be updated or deleted.
 */
type InstanceState = "creating" | "ready" | "broken" | "failed";

export interface InstanceRow {
  id: string;
  plan_id: string;
  deployment: string;
  state: InstanceState;
  /** Whose it is, to tell an identical request from another: organization, space, platform. */
  owner: string;
  parameters: string;
  context: string;
  /** Sealed: passwords of the instance. */
  secrets: string;
  /** Address of the first VM; empty before there is one. */
  address: string;
  version: number;
  created_ms: number;
}

export interface BindingRow {
  id: string;
  instance_id: string;
  state: "creating" | "ready" | "removing";
  /** What was asked for, to tell an identical request from another. */
  request: string;
  username: string;
  /** Sealed. */
  password: string;
  created_ms: number;
}

export type OperationKind = "provision" | "update" | "deprovision" | "bind" | "unbind" | "backup" | "restore";

export interface OperationRow {
  id: string;
  instance_id: string;
  /** Empty unless it is about one binding. */
  binding_id: string;
  kind: OperationKind;
  /** `undoing`: the work has failed for good, and what it did is being taken back; to a platform it is in progress. */
  state: "in progress" | "undoing" | "succeeded" | "failed";
  description: string;
  /** What the operation works on, as JSON. */
  payload: string;
  /** The instance while it is this operation's turn, else null. The column is unique, so an instance has one operation at a time. */
  busy: string | null;
  created_ms: number;
  /** Order of creation. */
  sequence: Generated<number>;
}

export interface BackupRow {
  id: string;
  instance_id: string;
  state: "queued" | "running" | "succeeded" | "failed" | "deleted";
  /** Object names and checksums, as JSON. */
  parts: string;
  size_bytes: number;
  triggered_ms: number;
  finished_ms: number;
}

export interface RestoreRow {
  id: string;
  instance_id: string;
  backup_id: string;
  state: "queued" | "running" | "succeeded" | "failed";
  triggered_ms: number;
  finished_ms: number;
}

/** Runs on PostgreSQL and on pg-mem alike. */
export const SCHEMA: readonly string[] = [
  "create table if not exists instances (id text primary key, plan_id text not null, deployment text not null, state text not null, owner text not null, parameters text not null, context text not null, secrets text not null, address text not null, version integer not null, created_ms bigint not null)",
  "create table if not exists bindings (id text primary key, instance_id text not null, state text not null, request text not null, username text not null, password text not null, created_ms bigint not null)",
  "create table if not exists operations (id text primary key, instance_id text not null, binding_id text not null, kind text not null, state text not null, description text not null, payload text not null, busy text unique, created_ms bigint not null, sequence serial not null)",
  "create table if not exists backups (id text primary key, instance_id text not null, state text not null, parts text not null, size_bytes bigint not null, triggered_ms bigint not null, finished_ms bigint not null)",
  "create table if not exists restores (id text primary key, instance_id text not null, backup_id text not null, state text not null, triggered_ms bigint not null, finished_ms bigint not null)",
  "create index if not exists bindings_instance on bindings (instance_id)",
  "create index if not exists operations_instance on operations (instance_id)",
  "create index if not exists backups_instance on backups (instance_id)",
  "create index if not exists restores_instance on restores (instance_id)",
];
