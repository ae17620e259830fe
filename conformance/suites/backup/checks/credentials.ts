import type { Tenant } from "../../tenants/tenants.ts";
import { type Evidence, fail, type Outcome, pass, unknown } from "../../../runner/check.ts";
import { backupCheck } from "../plan.ts";
import { createFilled, markedTable } from "../../tenants/tables.ts";
import type { BackupContext } from "../context.ts";

const LEDGER = markedTable("drydock_ledger", "the ledger", "only");

async function unbindAndWait(context: BackupContext, { live, binding }: Tenant): Promise<void> {
  const { platform } = context;
  await platform.settle(live.offer, await platform.unbind(live.offer, live.id, binding.id));
}

/** Three bindings: one that stays, one that is removed after the backup, one that is created after it. */
async function judgeCredentials(context: BackupContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const lasting = await context.tenant(offer);
  const { live } = lasting;
  const client = await context.backups(offer);
  const gone = await context.tenant(offer, live);
  for (const tenant of [gone, lasting]) await context.inSession(tenant, async () => {});
  await context.inSession(lasting, (session) => createFilled(session, LEDGER));
  const backup = await context.backup(client, lasting);
  await unbindAndWait(context, gone);
  const late = await context.tenant(offer, live);
  const restore = await context.restore(client, lasting, backup);
  const evidence: Evidence[] = [restore.last];
  for (const [tenant, when] of [
    [lasting, "before the backup"],
    [late, "after the backup"],
  ] as const) {
    const refusal = await context.recorder.tryLogin(tenant.access);
    evidence.push(...context.lastStep());
    if (refusal !== undefined)
      return fail(`a binding made ${when} to work after the restore`, refusal.message, ...evidence);
  }
  const refusal = await context.recorder.tryLogin(gone.access);
  evidence.push(...context.lastStep());
  if (refusal === undefined)
    return fail(
      "a binding that was removed before the restore to stay so",
      "a login with its credentials",
      ...evidence,
    );
  return refusal.fault === "denied" ? pass(...evidence) : unknown(`out of order: ${refusal.message}`, ...evidence);
}

/** BK-19: a restore leaves bindings as they are. */
export const credentialsCheck = backupCheck("BK-19", {
  requirement:
    "Bindings made before and after a backup work after its restore, and one that was removed in between does not come back.",
  instances: 1,
  run: judgeCredentials,
});
