import { deleteBackup, orderBackup, orderRestore, requireOwnBackup } from "../backup/orders.ts";
import { putSettings } from "../backup/settings.ts";
import type { ControlPlane } from "../osb/operations.ts";
import type { InstanceRow } from "../store/schema.ts";

/** The fields of a form. */
export type Fields = Readonly<Record<string, string>>;

/** What a manager can do with an instance. `backupId` is that of the path. @throws OsbError */
export type DashboardAction = (
  controlPlane: ControlPlane,
  instance: InstanceRow,
  fields: Fields,
  backupId: string,
) => Promise<unknown>;

/** Actions by the path of their form, below that of the dashboard. */
export const ACTIONS: Readonly<Record<string, DashboardAction>> = {
  backups: (controlPlane, { id }) => orderBackup(controlPlane, id, { origin: "request", requestKey: undefined }),
  "backups/:backup/restore": async (controlPlane, instance, { key = "" }, backupId) => {
    const backup = await requireOwnBackup(controlPlane.context, instance, backupId);
    const order = { backupId: backup.id, requestKey: undefined, ...(key !== "" && { key }) };
    return orderRestore(controlPlane, instance.id, order);
  },
  "backups/:backup/delete": async ({ context }, instance, _fields, backupId) =>
    deleteBackup(context, await requireOwnBackup(context, instance, backupId)),
  settings: ({ context }, instance, { schedule = "", time_zone: zone = "", keep_min: min, keep_days: days }) =>
    putSettings(context, instance, {
      schedule: schedule.trim() === "" ? null : schedule.trim(),
      ...(schedule.trim() !== "" && { time_zone: zone }),
      keep_min: Number(min),
      keep_days: Number(days),
    }),
  key: ({ context }, instance, { key = "" }) => putSettings(context, instance, { key }),
};
