import { badRequest } from "../errors.ts";
import { isObject } from "../json.ts";
import type { OperationContext } from "../operations/context.ts";
import { newId } from "../osb/ids.ts";
import type { BackupSettingsRow, InstanceRow } from "../store/schema.ts";
import { sealText } from "../store/seal.ts";
import { changeSettings, settingsOf } from "./history.ts";
import { KEY_CHARS_MAX, KEY_CHARS_MIN } from "./keys.ts";
import { checkSchedule, nextDueMs } from "./schedule.ts";

const KEEP_MAX = 1000;
const DAYS_MAX = 3650;

type Change = Partial<BackupSettingsRow>;
type Body = Readonly<Record<string, unknown>>;

/** @throws OsbError 400 */
function wholeNumber(value: unknown, name: string, min: number, max: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw badRequest(`${name} must be a whole number from ${min} to ${max}.`);
}

/** @throws OsbError 400 */
function retentionOf({ keep_min: keepMin, keep_days: keepDays, excluded }: Body): Change {
  if (excluded !== undefined && typeof excluded !== "boolean") throw badRequest("excluded must be true or false.");
  return {
    ...(keepMin !== undefined && { keep_min: wholeNumber(keepMin, "keep_min", 1, KEEP_MAX) }),
    ...(keepDays !== undefined && { keep_days: wholeNumber(keepDays, "keep_days", 0, DAYS_MAX) }),
    ...(excluded !== undefined && { is_excluded: excluded }),
  };
}

/** @throws OsbError 400 */
function scheduleOf({ schedule, time_zone: timeZone }: Body, known: BackupSettingsRow, nowMs: number): Change {
  if (schedule === undefined && timeZone === undefined) return {};
  if (schedule === null) return { schedule: "", due_ms: 0 };
  const expression = schedule ?? known.schedule;
  const zone = timeZone ?? known.time_zone;
  if (typeof expression !== "string" || typeof zone !== "string")
    throw badRequest("schedule and time_zone must be strings.");
  if (expression === "") return { time_zone: zone };
  const checked = checkSchedule({ expression, timeZone: zone }, nowMs);
  return { schedule: checked.expression, time_zone: zone, due_ms: nextDueMs(checked, nowMs) };
}

/** @throws OsbError 400 */
function keyOf({ key }: Body): string | undefined {
  if (key === undefined) return undefined;
  if (typeof key !== "string" || key.length < KEY_CHARS_MIN || key.length > KEY_CHARS_MAX)
    throw badRequest(`key must be a string of ${KEY_CHARS_MIN} to ${KEY_CHARS_MAX} characters.`);
  return key;
}

const KNOWN = ["schedule", "time_zone", "excluded", "keep_min", "keep_days", "key"];

/**
 * Changes how an instance is backed up; what is left out stays. A key applies to later backups only: existing ones stay under theirs.
 *
 * @throws OsbError 400
 */
export async function putSettings(
  context: OperationContext,
  instance: InstanceRow,
  body: unknown,
): Promise<BackupSettingsRow> {
  const { store, seal, host } = context;
  if (!isObject(body)) throw badRequest("The body must be a JSON object.");
  const unknown = Object.keys(body).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined)
    throw badRequest(`${unknown.slice(0, 40)} is not a setting; there are ${KNOWN.join(", ")}.`);
  const known = await settingsOf(context, instance);
  const change = { ...retentionOf(body), ...scheduleOf(body, known, host.nowMs()) };
  const key = keyOf(body);
  if (key === undefined) return changeSettings(context, instance, change);
  const version = Math.max(0, ...(await store.backupKeysOf(instance.id)).map((each) => each.version)) + 1;
  await store.addBackupKey({
    id: newId(context),
    instance_id: instance.id,
    deployment: instance.deployment,
    version,
    sealed: sealText(seal, key),
    created_ms: host.nowMs(),
  });
  return changeSettings(context, instance, { ...change, key_version: version });
}
