import type { Generated } from "kysely";

/** Rows as SQL holds them; JSON is text, times are ms since the Unix epoch. */
export interface Tables {
  instances: InstanceRow;
  bindings: BindingRow;
  operations: OperationRow;
  backups: BackupRow;
  restores: RestoreRow;
}

/** `ready` also while an update goes on: the operation says so. */
export type InstanceState = "creating" | "ready" | "failed" | "deleting";

export interface InstanceRow {
  id: string;
  plan_id: string;
  deployment: string;
  state: InstanceState;
  /** What was asked for, to tell an identical request from another. */
  request: string;
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
  state: "creating" | "ready" | "deleting";
  request: string;
  username: string;
  /** Sealed. */
  password: string;
  created_ms: number;
}

export type OperationKind = "provision" | "update" | "deprovision" | "backup" | "restore";

export interface OperationRow {
  id: string;
  instance_id: string;
  kind: OperationKind;
  state: "in progress" | "succeeded" | "failed";
  description: string;
  /** What the operation works on, as JSON. */
  payload: string;
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
  "create table if not exists instances (id text primary key, plan_id text not null, deployment text not null, state text not null, request text not null, parameters text not null, context text not null, secrets text not null, address text not null, version integer not null, created_ms bigint not null)",
  "create table if not exists bindings (id text primary key, instance_id text not null, state text not null, request text not null, username text not null, password text not null, created_ms bigint not null)",
  "create table if not exists operations (id text primary key, instance_id text not null, kind text not null, state text not null, description text not null, payload text not null, created_ms bigint not null, sequence serial not null)",
  "create table if not exists backups (id text primary key, instance_id text not null, state text not null, parts text not null, size_bytes bigint not null, triggered_ms bigint not null, finished_ms bigint not null)",
  "create table if not exists restores (id text primary key, instance_id text not null, backup_id text not null, state text not null, triggered_ms bigint not null, finished_ms bigint not null)",
];
