import type { BackupRow } from "../store/schema.ts";

const DAY_MS = 86_400_000;

/** The backups to keep: a number of the newest good ones, and every one younger than a number of days. */
interface Retention {
  readonly keepMin: number;
  readonly keepDays: number;
}

/**
 * The backups that may go. The newest good one never does, and a failed one does not count.
 *
 * @param backups of one instance, in any order
 */
export function expiredBackups(
  backups: readonly BackupRow[],
  { keepMin, keepDays }: Retention,
  nowMs: number,
): readonly BackupRow[] {
  const good = backups
    .filter(({ state }) => state === "succeeded")
    .toSorted((a, b) => b.triggered_ms - a.triggered_ms || (a.id < b.id ? 1 : -1));
  return good.slice(Math.max(1, keepMin)).filter(({ finished_ms: endedMs }) => endedMs < nowMs - keepDays * DAY_MS);
}
