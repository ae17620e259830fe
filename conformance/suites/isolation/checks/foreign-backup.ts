import type { BackupClient, BackupOperation } from "../../backup/client.ts";
import type { BackupOperationName } from "../../backup/interface.ts";
import { bodyOf, type Observation } from "../../../client/http/observation.ts";
import { isSuccess } from "../../../client/request.ts";
import {
  type Evidence,
  fail,
  notApplicable,
  type Outcome,
  pass,
  unknown,
  Verdicted,
  worstOf,
} from "../../../runner/check.ts";
import { isolationCheck } from "../plan.ts";
import type { IsolationContext } from "../context.ts";
import { BINDABLE } from "../../../osb/plan-requirements.ts";
import type { LiveInstance } from "../../../osb/shared-instances.ts";

interface ForeignBackup {
  readonly client: BackupClient;
  readonly via: LiveInstance;
  readonly owner: LiveInstance;
  readonly backup: BackupOperation;
}

/** A backup of one instance, and another instance through which it must not be found. */
async function createForeignBackup(context: IsolationContext): Promise<ForeignBackup> {
  const offer = (await context.findUsableOffer()) ?? context.osb.offer(BINDABLE);
  const [via, owner] = [await context.osb.liveOf(offer), await context.osb.freshOf(offer)];
  const client = await context.backups(offer);
  const backup = await client.create(owner.id);
  if (backup.state === "succeeded") return { client, via, owner, backup };
  throw new Verdicted(unknown(`it needs a backup, but one ended ${backup.state}`, backup.began, backup.last));
}

/** Whether its owner still finds the backup as it was. */
async function isWhole({ client, owner, backup }: ForeignBackup): Promise<{ is: boolean; answer: Observation }> {
  const answer = await client.ask("get", { instance: owner.id, backup: backup.id });
  return { is: isSuccess(answer) && client.stateOf(bodyOf(answer)) === "succeeded", answer };
}

async function probe(at: ForeignBackup, operation: BackupOperationName): Promise<Outcome> {
  const { client, via, backup } = at;
  const foreign = await client.ask(operation, { instance: via.id, backup: backup.id });
  const what = `${operation} of another instance's backup to be answered 404`;
  if (isSuccess(foreign) || foreign.status >= 500) return fail(what, String(foreign.status), foreign);
  const { is, answer } = await isWhole(at);
  if (is) return pass(foreign);
  return fail("the backup to live on", `its owner asks for it and is answered ${answer.status}`, foreign, answer);
}

async function foreignBackup(context: IsolationContext): Promise<Outcome> {
  const at = await createForeignBackup(context);
  const outcomes: Outcome[] = [];
  for (const operation of (["get", "restore", "delete", "download"] as const).filter((each) => at.client.can(each))) {
    const outcome = await probe(at, operation);
    // Once a restore has begun, there is no sound state from which to continue.
    if (outcome.verdict !== "pass") {
      context.markChanged();
      return outcome;
    }
    outcomes.push(outcome);
  }
  return { ...worstOf(outcomes), evidence: outcomes.flatMap(({ evidence }) => evidence ?? []) };
}

async function backupListing(context: IsolationContext): Promise<Outcome> {
  const at = await createForeignBackup(context);
  const { client, via, owner, backup } = at;
  const listBackups = async (instance: string): Promise<{ answer: Observation; has: boolean }> => {
    const answer = await client.ask("list", { instance });
    return {
      answer,
      has: (client.entriesOf(answer) ?? []).some((item) => Object.values(item).map(String).includes(backup.id)),
    };
  };
  const [own, other] = [await listBackups(owner.id), await listBackups(via.id)];
  const evidence: readonly Evidence[] = [own.answer, other.answer];
  if (other.has) return fail("a list with the instance's own backups", "the backup of another instance", ...evidence);
  // A list that shows nothing to anybody hides well, and proves nothing.
  return own.has ? pass(...evidence) : notApplicable("the owner's list does not show the backup either", ...evidence);
}

/** IS-59: a backup belongs to its instance. */
export const foreignBackupCheck = isolationCheck("IS-59", {
  requirement:
    "A backup that is fetched, restored or removed by way of another instance is not found there, and stays where it is.",
  instances: 2,
  run: foreignBackup,
});

/** IS-60: a list of backups shows its instance's own. */
export const backupListingCheck = isolationCheck("IS-60", {
  requirement: "The list of an instance's backups holds no other instance's.",
  instances: 2,
  run: backupListing,
});
