import { bodyOf, type Observation } from "../../../client/http/observation.ts";
import type { JsonObject } from "../../../client/http/json.ts";
import { isSuccess } from "../../../client/request.ts";
import { fail, type Outcome, pass, unknown, warn } from "../../../runner/check.ts";
import type { BackupClient } from "../client.ts";
import type { BackupContext } from "../context.ts";
import { backupCheck } from "../plan.ts";

/** How long a platform may take to notice that something is due, in milliseconds. */
const NOTICE_MS = 120_000;

async function entriesOf(
  client: BackupClient,
  instance: string,
): Promise<{ readonly answer: Observation; readonly entries: readonly JsonObject[] }> {
  const answer = await client.ask("list", { instance });
  return { answer, entries: client.entriesOf(answer) ?? [] };
}

/** The ids of the good backups that are listed. */
const goodIn = (client: BackupClient, entries: readonly JsonObject[]): readonly string[] =>
  entries.filter((each) => client.stateOf(each) === "succeeded").flatMap((each) => client.idOf(each) ?? []);

/** Lets days pass, if an operator can: `hooks.faults.clock` moves the platform's clock forward by one day. */
async function passDays(context: BackupContext, instance: string, days: number): Promise<void> {
  for (let at = 0; at < days; at++) await context.withFault("clock", instance, async () => {});
  await context.platform.settings.clock.sleepMs(NOTICE_MS);
}

async function judgeRetention(context: BackupContext): Promise<Outcome> {
  context.requireFault("clock");
  const { client, live } = await context.apiStage("B5", "setPolicy", "create", "list");
  const { id } = live;
  const set = await client.ask("setPolicy", { instance: id, count: 2, days: 1 });
  if (!isSuccess(set)) return unknown(`the policy is answered ${set.status}`, set);
  const good: string[] = [];
  for (let at = 0; at < 4; at++) good.push((await context.backup(client, { live })).id);
  const fresh = await entriesOf(client, id);
  const gone = good.filter((each) => !goodIn(client, fresh.entries).includes(each));
  if (gone.length > 0)
    return fail("backups of today to stay, whatever their number", `${gone.length} gone`, set, fresh.answer);
  const faults = context.run.backend.faults ?? {};
  const failed = faults["store-error"] === undefined ? [] : [1, 2, 3];
  for (const _ of failed) await context.withFault("store-error", id, () => client.create(id));
  await passDays(context, id, 3);
  const old = await entriesOf(client, id);
  const kept = goodIn(client, old.entries);
  if (!kept.includes(good.at(-1) ?? "")) return fail("the newest good backup to stay", "it is gone", set, old.answer);
  if (kept.length < 2)
    return fail("two good backups to stay, as the policy says", String(kept.length), set, old.answer);
  if (good.slice(0, 2).some((each) => kept.includes(each)))
    return warn("older ones to go", "they stay", set, old.answer);
  return pass(set, old.answer);
}

async function judgeRemoval(context: BackupContext): Promise<Outcome> {
  const { client, live } = await context.apiStage("B1", "create", "delete", "get");
  const { id } = live;
  const begun = await client.begin(id);
  const open = client.idOf(bodyOf(begun.began), client.require("create").id);
  const inUse =
    open === undefined || open === "" ? undefined : await client.ask("delete", { instance: id, backup: open });
  const backup = await client.follow("create", begun);
  if (inUse !== undefined && isSuccess(inUse) && backup.state === "succeeded")
    return fail(
      "the removal of a backup in progress to be refused, or to end it",
      "it is accepted, and the backup goes on to succeed",
      inUse,
      backup.last,
    );
  const whole = backup.state === "succeeded" ? backup : await context.backup(client, { live });
  const removal = await client.ask("delete", { instance: id, backup: whole.id });
  if (!isSuccess(removal))
    return fail("a backup that nobody uses to be removed", String(removal.status), whole.last, removal);
  await client.waitUntilDeleted(id);
  const after = await client.ask("get", { instance: id, backup: whole.id });
  const isGone = [404, 410].includes(after.status) || client.stateOf(bodyOf(after)) === "deleted";
  if (!isGone)
    return fail("a backup that was removed to be gone, or shown as deleted", String(after.status), removal, after);
  const store = context.run.backend.looks?.["store"];
  const left = store === undefined ? [] : (await store(id)).filter((object) => object.includes(whole.id));
  if (left.length > 0)
    return fail("nothing in the store of a backup that was removed", `${left.length} objects`, removal, after);
  return {
    ...pass(removal, after),
    ...(store === undefined && { reason: "nobody looked into the store (hooks.looks.store in drydock.yml)" }),
  };
}

/** Once a day at this minute, in UTC: every day has it exactly once, even when clocks change. */
const CRON = "30 2 * * *";
const DAYS = 3;

async function judgeSchedule(context: BackupContext): Promise<Outcome> {
  context.requireFault("clock");
  const { client, live } = await context.apiStage("B5", "setPolicy", "list");
  const { id } = live;
  if (!JSON.stringify(client.require("setPolicy").body ?? {}).includes("{cron}"))
    return unknown("the policy has no schedule");
  const set = await client.ask("setPolicy", { instance: id, count: 10, days: 10, cron: CRON });
  if (!isSuccess(set)) return fail(`the schedule "${CRON}" to be taken`, String(set.status), set);
  const before = (await entriesOf(client, id)).entries.length;
  await passDays(context, id, DAYS);
  const { answer, entries } = await entriesOf(client, id);
  const made = entries.length - before;
  if (made === DAYS) return pass(set, answer);
  const missed = await client.ask("settings", { instance: id }).catch(() => undefined);
  const isSaid = missed !== undefined && /"?missed"?/.test(JSON.stringify(bodyOf(missed)));
  if (made > DAYS) return fail(`one backup a day, ${DAYS} in ${DAYS} days`, String(made), set, answer);
  if (made > 0 && isSaid)
    return { ...pass(set, answer), reason: `${made} of ${DAYS} were made; the missed ones are reported` };
  return fail(
    `one backup a day, ${DAYS} in ${DAYS} days, or a report of those that were missed`,
    String(made),
    set,
    answer,
  );
}

/** BK-44: retention keeps the last good backup. */
export const retentionCheck = backupCheck("BK-44", {
  requirement:
    "Good backups are removed once they are too old and there are enough newer good ones; failed ones do not count, and the newest good one is never removed.",
  exclusive: true,
  run: judgeRetention,
});

/** BK-45: a removal is real. */
export const removalCheck = backupCheck("BK-45", {
  requirement:
    "A removed backup is gone from the API and from the store; one in progress is not removed, or its removal ends it.",
  run: judgeRemoval,
});

/** BK-46: a schedule runs once for each slot. */
export const scheduleCheck = backupCheck("BK-46", {
  requirement: "A schedule makes one backup for each of its slots; missed ones are reported.",
  exclusive: true,
  run: judgeSchedule,
});
