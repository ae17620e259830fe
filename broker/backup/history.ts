import type { OperationContext } from "../operations/context.ts";
import type { BackupSettingsRow, InstanceRow } from "../store/schema.ts";

/** How instances are backed up by default. */
const DEFAULTS = {
  key_version: 0,
  schedule: "",
  time_zone: "UTC",
  is_excluded: false,
  keep_min: 1,
  keep_days: 30,
  due_ms: 0,
  missed_ms: 0,
  missed_count: 0,
  epoch: 0,
  last_restore: "",
  log_until_ms: 0,
} as const;

type SettingsContext = Pick<OperationContext, "store">;
type InstanceName = Pick<InstanceRow, "id" | "deployment">;

/** How an instance is backed up. The settings of an earlier instance with the same id do not count. */
export async function settingsOf(
  { store }: SettingsContext,
  { id, deployment }: InstanceName,
): Promise<BackupSettingsRow> {
  const known = await store.backupSettings(id);
  return known?.deployment === deployment ? known : { ...DEFAULTS, instance_id: id, deployment };
}

/** Changes how an instance is backed up. */
export async function changeSettings(
  context: SettingsContext,
  instance: InstanceName,
  change: Partial<BackupSettingsRow>,
): Promise<BackupSettingsRow> {
  const { store } = context;
  const known = await store.backupSettings(instance.id);
  const settings = { ...(await settingsOf(context, instance)), ...change };
  // Concurrent changes by others are kept.
  if (known?.deployment === instance.deployment) await store.setBackupSettings(instance.id, change);
  else {
    if (known !== undefined) await store.deleteBackupSettings(instance.id);
    await store.addBackupSettings(settings);
  }
  return settings;
}

/** The history of an instance: every restore into it begins a new one. */
export const epochOf = async (context: SettingsContext, instance: InstanceName): Promise<number> =>
  (await settingsOf(context, instance)).epoch;

/** Begins a new history, in which there is neither a backup nor a log yet; once for each restore, however often it is called. */
export async function nextEpoch(context: SettingsContext, instance: InstanceName, restoreId: string): Promise<void> {
  const { epoch, last_restore: last } = await settingsOf(context, instance);
  if (last === restoreId) return;
  await changeSettings(context, instance, { epoch: epoch + 1, log_until_ms: 0, last_restore: restoreId });
}
