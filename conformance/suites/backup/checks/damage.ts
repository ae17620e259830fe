import { describeDifferences, differences } from "../../../data/contents.ts";
import { DataError } from "../../../data/plane.ts";
import { fail, type Outcome, pass } from "../../../runner/check.ts";
import { type BackupContext, describeEnd } from "../context.ts";
import { fillState, look, STATE } from "../faulted-state.ts";
import { backupCheck } from "../plan.ts";

/** The stored backup was damaged: the restore is refused, or fails, and the data stay as they were. */
async function judgeDamage(context: BackupContext, fault: string): Promise<Outcome> {
  context.requireFault(fault);
  const stage = await context.stage("B1", "create", "restore");
  const { client, tenant } = stage;
  await fillState(context, stage);
  const backup = await context.backup(client, tenant);
  const now = await context.inSession(tenant, async (session) => {
    await session.run({ do: "insert", table: STATE.shape, rows: [["after", "the backup"]] });
    return look(session);
  });
  return context.withFault(fault, tenant.live.id, async () => {
    const restore = await client.restore(tenant.live.id, backup.id);
    if (restore.state === "succeeded" || restore.state === "timed-out")
      return fail(
        "the restore of a damaged backup to be refused, or to fail",
        describeEnd(restore),
        restore.began,
        restore.last,
      );
    const found = differences(now, await context.readAfterRestore(tenant.access, [backup, restore], look));
    const evidence = context.evidence([backup, restore], found);
    if (found.length === 0) return pass(...evidence);
    return fail("the data as they were, when a restore finds damage", describeDifferences(found), ...evidence);
  });
}

async function judgeInterrupted(context: BackupContext): Promise<Outcome> {
  context.requireFault("kill-restore");
  const stage = await context.stage("B1", "create", "restore");
  const { client, tenant } = stage;
  const was = await fillState(context, stage);
  const backup = await context.backup(client, tenant);
  const now = await context.inSession(tenant, async (session) => {
    await session.run({ do: "delete", table: STATE.shape, key: "first" });
    return look(session);
  });
  const cut = await context.withFault("kill-restore", tenant.live.id, () => client.restore(tenant.live.id, backup.id));
  const isClear = cut.state === "failed" || cut.state === "refused";
  if (!isClear && cut.state !== "succeeded")
    return fail("a restore that is interrupted to end", cut.state, cut.began, cut.last);
  const seen = await context.recorder.withSession(tenant.access, look).catch((error: unknown) => {
    if (error instanceof DataError) return undefined;
    throw error;
  });
  const expected = cut.state === "succeeded" ? was : now;
  if (seen !== undefined && differences(expected, seen).length > 0 && !isClear)
    return fail(
      "all of the backup",
      describeDifferences(differences(expected, seen)),
      cut.began,
      cut.last,
      ...context.lastStep(),
    );
  const again = await context.restore(client, tenant, backup);
  const found = differences(was, await context.readAfterRestore(tenant.access, [backup, again], look));
  if (found.length > 0)
    return fail("the next restore to heal it", describeDifferences(found), ...context.evidence([backup, again], found));
  return pass(cut.began, cut.last, again.last);
}

/** BK-35: a changed byte is found before anything is touched. */
export const flipCheck = backupCheck("BK-35", {
  requirement: "A backup of which one stored byte was changed is not restored, and its restore touches nothing.",
  exclusive: true,
  run: (context) => judgeDamage(context, "flip-byte"),
});

/** BK-36: a missing part is found before anything is touched. */
export const partCheck = backupCheck("BK-36", {
  requirement: "A backup of which a stored part is missing is not restored, and its restore touches nothing.",
  exclusive: true,
  run: (context) => judgeDamage(context, "drop-part"),
});

/** BK-37: a restore that is interrupted. */
export const interruptedCheck = backupCheck("BK-37", {
  requirement:
    "A restore that is interrupted ends, and either says that it failed or has restored everything; the next one heals it.",
  exclusive: true,
  run: judgeInterrupted,
});
