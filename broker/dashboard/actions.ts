import { deleteBackup, orderBackup, orderRestore, requireOwnBackup, type RestoreOrder } from "../backup/orders.ts";
import { momentOf } from "../backup/routes/extension.ts";
import { putSettings } from "../backup/settings.ts";
import { badRequest } from "../errors.ts";
import type { ControlPlane } from "../osb/operations.ts";
import type { InstanceRow } from "../store/schema.ts";

/** The fields of a form. */
export type Fields = Readonly<Record<string, string>>;

/** A manager's request from the page of one instance. */
interface ActionOrder {
  readonly instance: InstanceRow;
  readonly fields: Fields;
  /** That of the path. */
  readonly backupId: string;
  /** Refuses a user who may not manage the other instance as well. @throws OsbError 403 */
  readonly requireManagerOf: (instanceId: string) => Promise<void>;
}

/** The actions of a manager on an instance. @throws OsbError */
export type DashboardAction = (controlPlane: ControlPlane, order: ActionOrder) => Promise<unknown>;

/** Restores into the instance of the page, or into another one that its manager manages as well. */
async function restore(
  controlPlane: ControlPlane,
  { instance, fields: { key = "", into = "" }, requireManagerOf }: ActionOrder,
  source: Pick<RestoreOrder, "backupId" | "atMs" | "sourceInstanceId">,
): Promise<unknown> {
  const target = into.trim() === "" ? instance.id : into.trim();
  if (target !== instance.id) await requireManagerOf(target);
  return orderRestore(controlPlane, target, { ...source, requestKey: undefined, ...(key !== "" && { key }) });
}

/** Actions by the path of their form, below that of the dashboard. */
export const ACTIONS: Readonly<Record<string, DashboardAction>> = {
  backups: (controlPlane, { instance }) =>
    orderBackup(controlPlane, instance.id, { origin: "request", requestKey: undefined }),
  "backups/:backup/restore": async (controlPlane, order) => {
    const { id: backupId } = await requireOwnBackup(controlPlane.context, order.instance, order.backupId);
    return restore(controlPlane, order, { backupId });
  },
  moments: async (controlPlane, order) => {
    const atMs = momentOf(order.fields.at, "The time");
    if (atMs === undefined) throw badRequest("Say to which time.");
    return restore(controlPlane, order, { atMs, sourceInstanceId: order.instance.id });
  },
  "backups/:backup/delete": async ({ context }, { instance, backupId }) =>
    deleteBackup(context, await requireOwnBackup(context, instance, backupId)),
  settings: ({ context }, { instance, fields }) => {
    const { schedule = "", time_zone: zone = "", keep_min: min, keep_days: days } = fields;
    return putSettings(context, instance, {
      schedule: schedule.trim() === "" ? null : schedule.trim(),
      ...(schedule.trim() !== "" && { time_zone: zone }),
      keep_min: Number(min),
      keep_days: Number(days),
    });
  },
  key: ({ context }, { instance, fields: { key = "" } }) => putSettings(context, instance, { key }),
};
