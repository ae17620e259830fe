import type { JsonObject } from "../../../client/http/json.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import { fail, notApplicable, type Outcome, pass } from "../../../runner/check.ts";
import type { BackupContext } from "../context.ts";
import { backupCheck } from "../plan.ts";

/** The members in which products show times, in the required order of the times. */
const TIMES: readonly (readonly string[])[] = [
  ["triggered_at", "requested_at", "created_at", "taken_at"],
  ["started_at"],
  ["finished_at", "completed_at", "stopped_at"],
];

/** How far the clocks of a platform and of this machine may differ, in milliseconds. */
const SKEW_MS_MAX = 120_000;

interface NamedTime {
  readonly name: string;
  readonly value: string | number;
  /** Undefined if it can't be read without guessing, for example its zone. */
  readonly ms: number | undefined;
}

/** Seconds or milliseconds since 1970, or ISO 8601 with its zone. */
function msOf(value: string | number): number | undefined {
  if (typeof value === "number") return value < 100_000_000_000 ? value * 1000 : value;
  const isZoned = /^\d{4}-\d\d-\d\d[T ][\d:.]+ ?(Z|UTC|[+-]\d\d:?\d\d)$/.test(value);
  const ms = isZoned ? Date.parse(value.replace(" UTC", "Z").replace(" ", "T")) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function timesIn(body: JsonObject): readonly NamedTime[] {
  return TIMES.flatMap((names) => {
    const name = names.find((each) => typeof body[each] === "string" || typeof body[each] === "number");
    const value = name === undefined ? undefined : body[name];
    if (name === undefined || (typeof value !== "string" && typeof value !== "number")) return [];
    return [{ name, value, ms: msOf(value) }];
  });
}

async function judgeTimes(context: BackupContext): Promise<Outcome> {
  const { client, live } = await context.apiStage("B1", "create", "get");
  const backup = await context.backup(client, { live });
  const answer = await client.ask("get", { instance: live.id, backup: backup.id });
  const times = timesIn(bodyOf(answer));
  if (times.length === 0) return notApplicable("a backup shows no times", answer);
  const unclear = times.find(({ ms }) => ms === undefined);
  if (unclear !== undefined) return fail("times with their zone", `${unclear.name}: ${unclear.value}`, answer);
  const early = times.find(({ ms = 0 }, at) => at > 0 && ms < (times[at - 1]?.ms ?? 0));
  if (early !== undefined) return fail("times in order", `${early.name} before what comes before it`, answer);
  const off = times.find(({ ms = 0 }) => ms < backup.askedMs - SKEW_MS_MAX || ms > backup.endedMs + SKEW_MS_MAX);
  if (off !== undefined) return fail("times between the request and the end", `${off.name}: ${off.value}`, answer);
  return pass(answer);
}

/** BK-04: times are in order. */
export const timesCheck = backupCheck("BK-04", {
  requirement: "The times of a backup have a zone, come in order, and lie between the request and its end.",
  run: judgeTimes,
});
