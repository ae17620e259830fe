import type { JsonObject } from "../../../client/http/json.ts";
import { createFilled, markedTable } from "../../tenants/tables.ts";
import { type BackupOperation } from "../../backup/client.ts";
import { bindCopy, restoreIntoNew } from "../../backup/new-instance.ts";
import { fail, notApplicable, type Outcome, pass, unknown } from "../../../runner/check.ts";
import type { IsolationContext } from "../context.ts";
import { isolationCheck } from "../plan.ts";
import { asAnother } from "./ownership.ts";

const wasRefused = ({ state }: BackupOperation): boolean => state === "refused";

/** A tenant of another organization names a backup of this one, and is refused as for an unknown one. */
async function judgeForeignRestore(context: IsolationContext): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const client = await context.backups(offer, "B2", "create", "restoreNew");
  const owner = await context.osb.freshOf(offer);
  const backup = await client.create(owner.id);
  if (backup.state !== "succeeded") return unknown(`it needs a backup, but one ended ${backup.state}`, backup.last);
  const body: JsonObject = asAnother(context.osb.provisionBody(offer));
  const made = await context.platform.settle(
    offer,
    await context.osb.provision(offer, context.platform.newId(), { body }),
  );
  if (made.state !== "succeeded")
    return unknown(`an instance of another organization ended ${made.state}`, made.answer);
  const instance = made.answer.instanceId;
  const values = { instance, source: owner.id };
  const foreign = await client.start("restoreNew", { ...values, backup: backup.id });
  const random = await client.start("restoreNew", { ...values, backup: context.platform.newId() });
  if (!wasRefused(foreign))
    return fail("a backup of another organization to be refused", foreign.state, foreign.began, foreign.last);
  if (foreign.began.status >= 500) return fail("a refusal", String(foreign.began.status), foreign.began);
  if (foreign.began.status !== random.began.status)
    return fail(
      "the same answer as for an unknown backup",
      `${foreign.began.status} and ${random.began.status}`,
      foreign.began,
      random.began,
    );
  return pass(foreign.began, random.began);
}

/** Users of the source are not users of the copy. */
async function judgeForeignRoles(context: IsolationContext): Promise<Outcome> {
  const { client, offer, tenant } = await context.stage("B2", "create");
  await context.inSession(tenant, (session) =>
    createFilled(session, markedTable("drydock_roles", "the source", "only")),
  );
  const backup = await context.backup(client, tenant);
  const copy = await restoreIntoNew(context, client, offer, { source: tenant.live.id, backup: backup.id });
  const other = await bindCopy(context, copy);
  await context.inSession(other, async () => {});
  const control = context.lastStep();
  const { username, password } = tenant.access.login;
  const refusal = await context.recorder.tryLogin({
    login: { ...other.access.login, username, password },
    of: `${tenant.access.of}, at the copy ${other.live.id}`,
  });
  const evidence = [...control, ...context.lastStep()];
  if (refusal === undefined) return fail("credentials of the source to be refused at the copy", "a login", ...evidence);
  return refusal.fault === "denied"
    ? pass(...evidence)
    : unknown(`the service is out of order: ${refusal.message}`, ...evidence);
}

/** Metadata of a backup that point at another tenant's data: the restore is refused, or fails. */
async function judgeMetadata(context: IsolationContext): Promise<Outcome> {
  context.requireFault("swap-metadata");
  const { client, tenant } = await context.stage("B1", "create", "restore");
  const backup = await context.backup(client, tenant);
  return context.withFault("swap-metadata", tenant.live.id, async () => {
    const restore = await client.restore(tenant.live.id, backup.id);
    if (restore.state === "failed" || restore.state === "refused") return pass(restore.began, restore.last);
    if (restore.state !== "succeeded") return notApplicable(`a restore ended ${restore.state}`, restore.last);
    return fail("a backup whose metadata were changed to be refused", restore.state, restore.began, restore.last);
  });
}

/** IS-61: another's backup can't be restored here. */
export const foreignRestoreCheck = isolationCheck("IS-61", {
  requirement:
    "A backup of another organization's instance can't be restored into one's own: it is answered like an unknown one.",
  instances: 2,
  run: judgeForeignRestore,
});

/** IS-65: a restore brings no foreign roles. */
export const foreignRolesCheck = isolationCheck("IS-65", {
  requirement: "After a restore into a new instance the credentials of the source are refused there.",
  instances: 2,
  run: judgeForeignRoles,
});

/** IS-66: metadata of a backup pulls nothing in. */
export const metadataCheck = isolationCheck("IS-66", {
  requirement: "A backup whose metadata were changed in the store is not restored.",
  exclusive: true,
  run: judgeMetadata,
});
