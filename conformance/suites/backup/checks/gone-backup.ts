import { isSuccess } from "../../../client/request.ts";
import { fail, notApplicable, type Outcome, pass, warn } from "../../../runner/check.ts";
import { backupCheck } from "../plan.ts";
import type { BackupContext } from "../context.ts";
import { BINDABLE } from "../../../osb/plan-requirements.ts";

/** A backup that its owner has removed is gone: it can't be restored, and a request for it says that it is missing or deleted. */
async function goneBackup(context: BackupContext): Promise<Outcome> {
  const offer = (await context.findUsableOffer()) ?? context.osb.offer(BINDABLE);
  const live = await context.osb.liveOf(offer);
  const client = await context.backups(offer);
  if (!client.can("delete")) return notApplicable("backups can't be removed through the interface");
  const backup = await client.create(live.id);
  const ids = { instance: live.id, backup: backup.id };
  const removal = await client.ask("delete", ids);
  if (!isSuccess(removal)) return notApplicable(`a backup can't be removed: ${removal.status}`, backup.last, removal);
  await client.waitUntilDeleted(live.id);
  const restore = await client.restore(live.id, backup.id);
  const evidence = [removal, restore.began, ...(restore.last === restore.began ? [] : [restore.last])];
  const expected = "the restore of a backup that was removed to be answered 404, 409, 410 or 422";
  if (isSuccess(restore.began)) context.markChanged();
  if (restore.state === "refused" && [404, 409, 410, 422].includes(restore.began.status)) return pass(...evidence);
  if (restore.state === "refused" && restore.began.status < 500)
    return warn(expected, String(restore.began.status), ...evidence);
  return fail(expected, `${restore.began.status}, ${restore.state}`, ...evidence);
}

/** BK-24: a backup that was removed can't be restored. */
export const goneBackupCheck = backupCheck("BK-24", {
  requirement: "A backup that no longer exists is not restored: the request is refused and changes nothing.",
  instances: 1,
  run: goneBackup,
});
