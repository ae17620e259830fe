import { Readable } from "node:stream";
import { parseObject } from "../json.ts";
import { type OperationContext, primaryAgentOf } from "../operations/context.ts";
import type { InstanceRow, LogFileRow } from "../store/schema.ts";
import { makeLogKey } from "./data-keys.ts";
import { changeSettings, nextEpoch, settingsOf } from "./history.ts";
import { ARCHIVING, basesOf } from "./moments.ts";

/** Whether an instance keeps a log that can be collected now. */
export const isArchiving = ({ state, address, parameters }: InstanceRow): boolean =>
  state === "ready" && address !== "" && parseObject(parameters)[ARCHIVING] === true;

/** Where a file of a log is stored. */
export const logFolderOf = ({
  instance_id: instanceId,
  deployment,
  epoch,
  name,
}: Pick<LogFileRow, "instance_id" | "deployment" | "epoch" | "name">): string =>
  `${instanceId}/log-${deployment}-${epoch}-${name}`;

/**
 * Stores the finished files of an instance's log, and lets its agent forget them. Nothing is restored meanwhile, as that would begin another
 * history.
 */
export async function collectLog(context: OperationContext, instance: InstanceRow): Promise<void> {
  const { store } = context;
  if ((await store.busyWith(instance.id)) !== undefined) return;
  const { epoch } = await settingsOf(context, instance);
  const agent = await primaryAgentOf(context, instance);
  const { files, untilMs } = await agent.finishLog();
  const collected = await store.logFilesOf(instance.id);
  const ownNames = collected.filter((file) => file.epoch === epoch).map(({ name }) => name);
  if (isForked(ownNames, files)) return nextEpoch(context, instance, `after a fail-over in ${epoch}`);
  const known = new Set(collected.map(({ id }) => id));
  for (const name of files) {
    const id = `${instance.deployment}/${epoch}/${name}`;
    if (!known.has(id)) await collectFile(context, instance, { id, epoch, name, bytes: await agent.readLog(name) });
    await agent.forgetLog(name);
  }
  if ((await settingsOf(context, instance)).epoch === epoch)
    await changeSettings(context, instance, { log_until_ms: untilMs });
  await dropLog(context, instance);
}

/** Names of files of the log begin with their timeline, in hexadecimal digits. */
const timelineOf = (name: string): number => Number.parseInt(name.slice(0, TIMELINE_DIGITS), 16);
const TIMELINE_DIGITS = 8;

/**
 * Whether a log goes on in a later timeline than before, as after a fail-over: the primary that died may have taken with it what nobody had
 * collected, so no log leads across.
 */
export const isForked = (before: readonly string[], now: readonly string[]): boolean =>
  before.length > 0 && Math.max(...now.map(timelineOf)) > Math.max(...before.map(timelineOf));

interface CollectedFile {
  readonly id: string;
  readonly epoch: number;
  readonly name: string;
  readonly bytes: Uint8Array;
}

async function collectFile(
  context: OperationContext,
  { id: instanceId, deployment }: InstanceRow,
  { id, epoch, name, bytes }: CollectedFile,
): Promise<void> {
  const { key, sealed } = makeLogKey(context);
  const file = { id, instance_id: instanceId, deployment, epoch, name };
  const { parts } = await context.backups.put(logFolderOf(file), Readable.from([bytes]), { key });
  const collectedMs = context.host.nowMs();
  await context.store.addLogFile({
    ...file,
    parts: JSON.stringify(parts),
    data_key: sealed,
    collected_ms: collectedMs,
  });
}

/** Deletes the files that no backup needs any more: those of an earlier history, and those from before the oldest backup. */
async function dropLog(context: OperationContext, instance: InstanceRow): Promise<void> {
  const { store, backups } = context;
  const { epoch } = await settingsOf(context, instance);
  const [oldest] = await basesOf(context, instance);
  for (const file of await store.logFilesOf(instance.id)) {
    const isOfHistory = file.deployment === instance.deployment && file.epoch === epoch;
    const isNeeded = isOfHistory && (oldest === undefined || file.collected_ms >= oldest.triggered_ms);
    if (isNeeded) continue;
    await backups.remove(logFolderOf(file));
    await store.deleteLogFile(file.id);
  }
}
