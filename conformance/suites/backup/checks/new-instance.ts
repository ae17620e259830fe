import { describeDifferences, differences, type DatabaseContents } from "../../../data/contents.ts";
import type { Access } from "../../../data/step-evidence.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import { isArray } from "../../../client/http/json.ts";
import { isBindable, type Offer } from "../../../client/catalog.ts";
import { isSuccess } from "../../../client/request.ts";
import { fail, notApplicable, type Outcome, pass, unknown } from "../../../runner/check.ts";
import { createFilled, markedTable, seeTable } from "../../tenants/tables.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import type { BackupOperation } from "../client.ts";
import { type BackupContext, describeEnd, type Stage } from "../context.ts";
import { bindCopy, type Copy, restoreIntoNew } from "../new-instance.ts";
import { backupCheck } from "../plan.ts";

const STATE = markedTable("drydock_origin", "the source", "first", "second", "third");

const look = seeTable(STATE);

/** The preparation of a restore into a new instance: data, a backup, and further writes in the source. */
async function prepare(
  context: BackupContext,
  { client, tenant }: Stage,
): Promise<{ readonly was: DatabaseContents; readonly backup: BackupOperation }> {
  const was = await context.inSession(tenant, async (session) => (await createFilled(session, STATE), look(session)));
  const backup = await context.backup(client, tenant);
  await context.inSession(tenant, (session) => session.run({ do: "delete", table: STATE.shape, key: "second" }));
  return { was, backup };
}

/** The login of one tenant at the address of another. */
const accessAt = (own: Tenant, other: Tenant): Access => {
  const { username, password } = own.access.login;
  return { login: { ...other.access.login, username, password }, of: `${own.access.of}, at instance ${other.live.id}` };
};

async function judgeCopy(context: BackupContext): Promise<Outcome> {
  const stage = await context.stage("B2", "create");
  const { client, offer, tenant } = stage;
  const { was, backup } = await prepare(context, stage);
  const atSource = await context.inSession(tenant, look);
  const copy = await restoreIntoNew(context, client, offer, { source: tenant.live.id, backup: backup.id });
  if (copy.restore !== undefined) context.requireSuccess(copy.restore, backup);
  const other = await bindCopy(context, copy);
  const deeds = [backup, ...(copy.restore === undefined ? [] : [copy.restore])];
  const found = differences(was, await context.readAfterRestore(other.access, deeds, look));
  if (found.length > 0)
    return fail(
      "the data of the backup in the new instance",
      describeDifferences(found),
      ...context.evidence(deeds, found),
    );
  const changed = differences(atSource, await context.inSession(tenant, look));
  if (changed.length > 0)
    return fail("the source as it was", describeDifferences(changed), ...context.evidence(deeds, changed));
  const refusal = await context.recorder.tryLogin(accessAt(tenant, other));
  const evidence = [...context.evidence(deeds), ...context.lastStep()];
  if (refusal === undefined)
    return fail("credentials of its own for the new instance", "a login with the source's", ...evidence);
  return pass(...evidence);
}

/** The tags of an offering: two offerings that share one have the same engine. */
const tagsOf = ({ service }: Offer): readonly string[] => {
  const { tags } = service.raw;
  return isArray(tags) ? tags.map(String) : [];
};

async function judgeSizes(context: BackupContext): Promise<Outcome> {
  const stage = await context.stage("B2", "create");
  const { offer } = stage;
  const other = context.run.offers.find(
    (each) => each.service.id === offer.service.id && each.plan.id !== offer.plan.id,
  );
  if (other === undefined)
    return notApplicable("it needs a service with two plans, and this one has one", context.run.catalog);
  return judgeElsewhere(context, stage, other, "another plan");
}

async function judgeVersions(context: BackupContext): Promise<Outcome> {
  const stage = await context.stage("B2", "create");
  const { offer } = stage;
  const isLike = (each: Offer): boolean =>
    each.service.id !== offer.service.id && isBindable(each) && tagsOf(each).some((tag) => tagsOf(offer).includes(tag));
  const other = context.run.offers.find(isLike);
  if (other === undefined)
    return notApplicable("it needs a second offering of the same engine (a tag that both have)", context.run.catalog);
  return judgeElsewhere(context, stage, other, `the offering ${other.service.name}`);
}

/**
 * A restore into an instance of a different kind: it is carried out completely, or refused before anything is
 * touched.
 */
async function judgeElsewhere(context: BackupContext, stage: Stage, other: Offer, where: string): Promise<Outcome> {
  const { client, tenant } = stage;
  const { was, backup } = await prepare(context, stage);
  const copy: Copy = await restoreIntoNew(context, client, other, { source: tenant.live.id, backup: backup.id });
  const { restore } = copy;
  if (restore?.state === "refused") {
    const isClear = [400, 403, 409, 422].includes(restore.began.status);
    const outcome = fail(
      `a restore into ${where} to be done, or refused with 400, 403, 409 or 422`,
      String(restore.began.status),
      restore.began,
    );
    return isClear ? { ...pass(restore.began), reason: `a restore into ${where} is refused` } : outcome;
  }
  if (restore !== undefined && restore.state !== "succeeded")
    return fail(
      `a restore into ${where} to be done, or refused before it begins`,
      describeEnd(restore),
      restore.began,
      restore.last,
    );
  const found = differences(
    was,
    await context.readAfterRestore((await bindCopy(context, copy)).access, [backup], look),
  );
  const evidence = context.evidence([backup, ...(restore === undefined ? [] : [restore])], found);
  return found.length === 0
    ? pass(...evidence)
    : fail(`the data of the backup in an instance of ${where}`, describeDifferences(found), ...evidence);
}

/** The declared policy: the backups of a removed instance remain for their owner, or are gone. */
async function judgeAfterDeprovision(context: BackupContext): Promise<Outcome> {
  const stage = await context.stage("B4", "create");
  const { client, offer, tenant } = stage;
  if (!client.can("restoreNew") && client.api.provision === undefined)
    return notApplicable(`the interface "${client.api.name}" has no "restoreNew" (backup in drydock.yml)`);
  const { was, backup } = await prepare(context, stage);
  const { live } = tenant;
  await context.platform.settle(offer, await context.platform.deprovision(offer, live.id));
  const target = await context.osb.freshOf(offer);
  const sources = client.can("sources") ? await client.ask("sources", { instance: target.id }) : undefined;
  const entries = sources === undefined ? undefined : client.entriesOf(sources);
  const isListed = entries?.some((each) => Object.values(each).includes(backup.id));
  const copy = client.can("restoreNew")
    ? {
        live: target,
        restore: await client.start("restoreNew", { source: live.id, backup: backup.id, instance: target.id }),
      }
    : await restoreIntoNew(context, client, offer, { source: live.id, backup: backup.id });
  const evidence = [
    ...(sources === undefined ? [] : [sources]),
    ...(copy.restore === undefined ? [] : [copy.restore.began]),
  ];
  if (copy.restore !== undefined && copy.restore.state !== "succeeded") {
    const isPurged = copy.restore.state === "refused" && [404, 410, 422].includes(copy.restore.began.status);
    if (isPurged && isListed !== true) return { ...pass(...evidence), reason: "backups go with their instance" };
    return fail(
      isListed === true ? "a backup that is listed for its owner to be restored" : "a clear refusal",
      describeEnd(copy.restore),
      ...evidence,
    );
  }
  if (isListed === false)
    return fail("a backup that can be restored to be listed for its owner", "none in the list", ...evidence);
  const found = differences(
    was,
    await context.readAfterRestore((await bindCopy(context, copy)).access, [backup], look),
  );
  if (found.length === 0) return pass(...evidence);
  return fail("the data of the backup, after its instance is gone", describeDifferences(found), ...evidence);
}

/** Backups are kept completely or purged completely: listed but not restorable, or the reverse, is neither. */
async function judgePolicy(context: BackupContext): Promise<Outcome> {
  const { client, offer, live } = await context.apiStage("B4", "create", "get");
  const backup = await context.backup(client, { live });
  await context.platform.settle(offer, await context.platform.deprovision(offer, live.id));
  const answer = await client.ask("get", { instance: live.id, backup: backup.id });
  const again = await context.platform.settle(offer, await context.osb.provision(offer, live.id));
  if (again.state !== "succeeded") return unknown(`an instance with the same id ended ${again.state}`, again.answer);
  const list = await client.ask("list", { instance: live.id });
  const entries = client.entriesOf(list) ?? [];
  const isInherited = entries.some((each) => client.idOf(each) === backup.id && client.stateOf(each) !== "deleted");
  if (isInherited)
    return fail(
      "a new instance with an old id to have no backups",
      "those of the instance that was removed",
      answer,
      list,
    );
  const isServed = isSuccess(answer) && client.stateOf(bodyOf(answer)) === "succeeded";
  return {
    ...pass(answer, list),
    reason: isServed ? "backups outlive their instance" : "backups go with their instance",
  };
}

/** BK-20: a restore into a new instance. */
export const copyCheck = backupCheck("BK-20", {
  requirement:
    "A backup can be restored into a new instance, which has the data and credentials of its own; the source stays as it is.",
  instances: 2,
  run: judgeCopy,
});

/** BK-21: a restore into another size of plan. */
export const sizesCheck = backupCheck("BK-21", {
  requirement:
    "A restore into an instance of another plan is carried out completely, or refused before anything is touched.",
  instances: 2,
  run: judgeSizes,
});

/** BK-22: a restore into another version of the engine. */
export const versionsCheck = backupCheck("BK-22", {
  requirement:
    "A restore into an instance of another offering of the same engine is done whole, or refused before anything is touched.",
  instances: 2,
  run: judgeVersions,
});

/** BK-23: a backup outlives its instance as declared. */
export const afterDeprovisionCheck = backupCheck("BK-23", {
  requirement: "After a deprovision, a backup is listed for its owner and can be restored, or neither.",
  instances: 2,
  run: judgeAfterDeprovision,
});

/** BK-47: backups after a deprovision are as declared. */
export const policyCheck = backupCheck("BK-47", {
  requirement: "A later instance with the id of a removed one has none of its backups.",
  run: judgePolicy,
});
