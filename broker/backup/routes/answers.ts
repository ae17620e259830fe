import type { BackupRow, BackupSettingsRow, RestoreRow } from "../../store/schema.ts";
import type { AnswerBody } from "../../osb/operations.ts";
import type { Moments } from "../moments.ts";

/** A time as answers show it; null for one that has not come. */
export const isoTime = (ms: number): string | null => (ms === 0 ? null : new Date(ms).toISOString());

/** Whether its tenant may download it: only if a key that nobody but the tenant knows was set before it was taken. */
export const isDownloadable = ({ state, key_version: version }: BackupRow): boolean =>
  state === "succeeded" && version > 0;

/** A backup, as the extension shows it. */
export const describeBackup = (row: BackupRow): AnswerBody => ({
  id: row.id,
  state: row.state,
  origin: row.origin,
  size_bytes: row.size_bytes,
  downloadable: isDownloadable(row),
  triggered_at: isoTime(row.triggered_ms),
  started_at: isoTime(row.started_ms),
  finished_at: isoTime(row.finished_ms),
});

/** A restore, as the extension shows it. */
export const describeRestore = (row: RestoreRow): AnswerBody => ({
  id: row.id,
  backup_id: row.backup_id,
  source_instance_id: row.source_instance_id,
  state: row.state,
  restored_to: isoTime(row.target_ms),
  triggered_at: isoTime(row.triggered_ms),
  finished_at: isoTime(row.finished_ms),
});

/** How an instance is backed up, without its key. */
export const describeSettings = (row: BackupSettingsRow): AnswerBody => ({
  schedule: row.schedule === "" ? null : row.schedule,
  time_zone: row.time_zone,
  excluded: row.is_excluded,
  keep_min: row.keep_min,
  keep_days: row.keep_days,
  has_key: row.key_version > 0,
  next_backup_at: isoTime(row.due_ms),
  missed: { count: row.missed_count, last_at: isoTime(row.missed_ms) },
});

/** The window of moments that can be restored; both null if there is none. */
export const describeMoments = (moments: Moments | undefined): AnswerBody => ({
  start_time: isoTime(moments?.startMs ?? 0),
  end_time: isoTime(moments?.endMs ?? 0),
});
