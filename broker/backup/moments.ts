import { OsbError } from "../errors.ts";
import type { OperationContext } from "../operations/context.ts";
import type { BackupRow, InstanceRow } from "../store/schema.ts";
import { settingsOf } from "./history.ts";

/** The parameter with which an instance keeps its log; it is given when the instance is created. */
export const ARCHIVING = "continuous_archiving";

/** The window of moments to which an instance can be restored, in ms since the Unix epoch. */
export interface Moments {
  readonly startMs: number;
  readonly endMs: number;
}

/** The good backups of an instance's current history, oldest first. A restore begins a new one: no log leads there from an earlier backup. */
export async function basesOf(context: OperationContext, instance: InstanceRow): Promise<readonly BackupRow[]> {
  const { epoch } = await settingsOf(context, instance);
  return (await context.store.backupsOf(instance.id)).filter(
    (each) => each.state === "succeeded" && each.deployment === instance.deployment && each.epoch === epoch,
  );
}

/** The moments to which an instance can be restored; undefined if there are none. PostgreSQL does not check them, so the broker does. */
export async function momentsOf(context: OperationContext, instance: InstanceRow): Promise<Moments | undefined> {
  const { log_until_ms: endMs } = await settingsOf(context, instance);
  const startMs = (await basesOf(context, instance))[0]?.finished_ms ?? Number.POSITIVE_INFINITY;
  return startMs <= endMs ? { startMs, endMs } : undefined;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** The newest backup that had ended at a moment within the window. @throws OsbError 422 outside of it */
export async function baseFor(context: OperationContext, instance: InstanceRow, atMs: number): Promise<BackupRow> {
  const moments = await momentsOf(context, instance);
  if (moments === undefined) throw new OsbError(422, "This service instance can't be restored to a time.");
  if (atMs < moments.startMs || atMs > moments.endMs)
    throw new OsbError(422, `The time must be from ${iso(moments.startMs)} to ${iso(moments.endMs)}.`);
  const base = (await basesOf(context, instance)).findLast(({ finished_ms: endedMs }) => endedMs <= atMs);
  if (base === undefined) throw new OsbError(422, "No backup leads to this time.");
  return base;
}
