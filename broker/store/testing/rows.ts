import type { BackupRow, RestoreRow } from "../schema.ts";

/** A backup that was just ordered, for tests. */
export const backupRow = (id: string, instanceId: string, change: Partial<BackupRow> = {}): BackupRow => ({
  id,
  instance_id: instanceId,
  deployment: "d0",
  owner: "{}",
  state: "queued",
  origin: "request",
  request_key: id,
  parts: "[]",
  size_bytes: 0,
  data_key: "",
  wrapped_key: "",
  key_version: 0,
  epoch: 0,
  triggered_ms: 1,
  started_ms: 0,
  finished_ms: 0,
  expires_ms: 0,
  ...change,
});

/** A restore that was just ordered, for tests. */
export const restoreRow = (id: string, instanceId: string, backupId: string): RestoreRow => ({
  id,
  instance_id: instanceId,
  backup_id: backupId,
  source_instance_id: instanceId,
  state: "queued",
  request_key: id,
  target_ms: 0,
  key_sealed: "",
  triggered_ms: 1,
  finished_ms: 0,
});
