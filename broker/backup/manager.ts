import { BackendError, FinalError, OsbError } from "../errors.ts";
import type { OperationContext } from "../operations/context.ts";
import type { ControlPlane } from "../osb/operations.ts";
import type { BackupSettingsRow } from "../store/schema.ts";
import { changeSettings } from "./history.ts";
import { collectLog, isArchiving } from "./log.ts";
import { deleteBackup, orderBackup } from "./orders.ts";
import { expiredBackups } from "./retention.ts";
import { dueTimes, nextDueMs } from "./schedule.ts";

/** How often the backup manager looks for what is due. */
const LOOK_MS = 60_000;

/**
 * The unprompted work of the backup manager: schedules, retention, collection of logs. Only one process at a
 * time does it.
 */
interface BackupManager {
  /** Looks once every `LOOK_MS` from now on. */
  start(): void;
  /** Looks once, if no other process does. @throws StoreError */
  look(): Promise<void>;
}

const LEASE = "backup manager";

/** A failure in one look is left to a later one. Defects are reported. */
async function tryOnce(report: (error: unknown) => void, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof BackendError || error instanceof FinalError || error instanceof OsbError)) report(error);
  }
}

/** Makes the backup manager of a control plane. It needs only its store, Swift and the agents, so it may run in a process of its own. */
export function createBackupManager(controlPlane: ControlPlane, report: (error: unknown) => void): BackupManager {
  const { context } = controlPlane;
  const { store, host } = context;
  const look = async (): Promise<void> => {
    if (!(await store.holdLease(LEASE, 2 * LOOK_MS))) return;
    for (const settings of await store.dueBackupSettings(host.nowMs()))
      await tryOnce(report, () => backUpDue(controlPlane, settings));
    for (const settings of await store.allBackupSettings()) await tryOnce(report, () => expire(context, settings));
    await tryOnce(report, () => expireKept(context));
    for (const instance of await store.instances())
      if (isArchiving(instance)) await tryOnce(report, () => collectLog(context, instance));
  };
  return {
    look,
    start: () => void host.every(LOOK_MS, () => void tryOnce(report, look)),
  };
}

/**
 * Orders the backup that is due. While its instance is busy it stays due; windows that pass meanwhile are counted as missed, so that an operator
 * sees them.
 */
async function backUpDue(controlPlane: ControlPlane, settings: BackupSettingsRow): Promise<void> {
  const { context } = controlPlane;
  const nowMs = context.host.nowMs();
  const schedule = { expression: settings.schedule, timeZone: settings.time_zone };
  const { count, lastMs } = dueTimes(schedule, settings.due_ms, nowMs);
  const missed = count > 1 ? { missed_ms: settings.due_ms, missed_count: settings.missed_count + count - 1 } : {};
  const instance = await context.store.instance(settings.instance_id);
  if (instance?.deployment !== settings.deployment) return context.store.deleteBackupSettings(settings.instance_id);
  if (count > 1) await changeSettings(context, instance, { ...missed, due_ms: lastMs });
  if (!settings.is_excluded) {
    // The same window gives the same name, so it has one backup, however often anybody looks.
    const requestKey = `schedule-${lastMs}`;
    await orderBackup(controlPlane, instance.id, { origin: "schedule", requestKey });
  }
  await changeSettings(context, instance, { due_ms: nextDueMs(schedule, nowMs) });
}

/** Deletes the backups of an instance that its retention no longer requires. */
async function expire(context: OperationContext, settings: BackupSettingsRow): Promise<void> {
  const backups = await context.store.backupsOf(settings.instance_id);
  const own = backups.filter(({ deployment }) => deployment === settings.deployment);
  const retention = { keepMin: settings.keep_min, keepDays: settings.keep_days };
  for (const backup of expiredBackups(own, retention, context.host.nowMs())) await deleteBackup(context, backup);
}

/** Forgets backups whose instance is gone and whose retention is over. */
async function expireKept(context: OperationContext): Promise<void> {
  const { store, host } = context;
  for (const backup of await store.backups()) {
    if (backup.expires_ms === 0 || backup.expires_ms > host.nowMs()) continue;
    if (backup.state === "succeeded") await deleteBackup(context, backup);
    await store.deleteBackup(backup.id);
  }
}
