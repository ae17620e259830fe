import type { RecordedSession } from "../../../data/recorded-session.ts";
import { describeDifferences, differences, type DatabaseContents } from "../../../data/contents.ts";
import { DataError } from "../../../data/plane.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import { fail, type Outcome, pass, warn } from "../../../runner/check.ts";
import { backupCheck } from "../plan.ts";
import type { BackupClient, BackupOperation } from "../client.ts";
import { createFilled, markedTable, seeTable } from "../../tenants/tables.ts";
import type { BackupContext } from "../context.ts";

const LEDGER = markedTable("drydock_ledger", "the ledger", "changed", "kept");
const VALUE = { name: "value", type: "text" } as const;

const look = seeTable(LEDGER);

/** The open sessions of an application: an idle one, and one in the middle of a transaction. */
interface Held {
  readonly idle: RecordedSession;
  readonly busy: RecordedSession;
}

interface Was {
  readonly atBackup: DatabaseContents;
  readonly atRestore: DatabaseContents;
}

async function leaveOpen({ idle, busy }: Held): Promise<void> {
  const table = LEDGER.shape;
  await idle.run({ do: "insert", table, rows: [["added", "after the backup"]] });
  await busy.run({ do: "begin" });
  await busy.run({ do: "update", table, key: "kept", column: VALUE, value: "never committed" });
}

async function goesOn(session: RecordedSession): Promise<boolean> {
  try {
    await session.run({ do: "tables" });
    return true;
  } catch (error) {
    if (error instanceof DataError) return false;
    throw error;
  }
}

/** How long a restore may be in progress before the transaction is ended for it, in milliseconds. */
const HOLD_MS_MAX = 60_000;
/** A restore that ends within this time afterwards has waited for that, in milliseconds. */
const RELEASE_MS_MAX = 10_000;

interface Restored {
  readonly restore: BackupOperation;
  /** It ended when the transaction was gone, and not before. */
  readonly hasWaited: boolean;
}

/**
 * Restores with both sessions open. A restore that waits for the transaction would wait forever, and so would
 * the suite.
 */
async function restoreUnder(
  client: BackupClient,
  tenant: Tenant,
  backup: BackupOperation,
  held: Held,
): Promise<Restored> {
  const { id } = tenant.live;
  const restore = await client.restore(id, backup.id, { waitMsMax: HOLD_MS_MAX });
  if (restore.state !== "timed-out") return { restore, hasWaited: false };
  const { clock } = client;
  await held.busy.close();
  const releasedMs = clock.nowMs();
  const ended = await client.resumeRestore(id, backup.id, restore);
  return { restore: ended, hasWaited: clock.nowMs() - releasedMs <= RELEASE_MS_MAX };
}

/** A finished restore has replaced everything; a refused or failed one has changed nothing. */
async function judgeData(
  context: BackupContext,
  tenant: Tenant,
  was: Was,
  deeds: readonly BackupOperation[],
): Promise<Outcome> {
  const state = deeds.at(-1)?.state;
  if (state === "timed-out" || state === "lost")
    return fail("a restore that ends while sessions are open", state, ...context.evidence(deeds));
  const isDone = state === "succeeded";
  const after = await context.readAfterRestore(tenant.access, deeds, look);
  const found = differences(isDone ? was.atBackup : was.atRestore, after);
  const evidence = context.evidence(deeds, found);
  const expected = isDone ? "nothing but what was backed up" : "nothing to change when a restore does not succeed";
  if (found.length > 0) return fail(expected, describeDifferences(found), ...evidence);
  return { ...pass(...evidence), ...(isDone ? {} : { reason: `with sessions open a restore is not done: ${state}` }) };
}

async function restoredUnder(
  context: BackupContext,
  tenant: Tenant,
  client: BackupClient,
  held: Held,
): Promise<Outcome> {
  const atBackup = await context.inSession(tenant, look);
  const backup = await context.backup(client, tenant);
  await leaveOpen(held);
  const atRestore = await context.inSession(tenant, look);
  const { restore, hasWaited } = await restoreUnder(client, tenant, backup, held);
  const outcome = await judgeData(context, tenant, { atBackup, atRestore }, [backup, restore]);
  if (outcome.verdict !== "pass" || restore.state !== "succeeded") return outcome;
  const expected = "open sessions to end when their data is replaced";
  if (hasWaited) return warn(expected, "a restore that waits until a transaction is gone", restore.began, restore.last);
  for (const session of [held.idle, held.busy])
    if (await goesOn(session)) return warn(expected, "one that goes on", ...context.evidence([backup, restore]));
  return outcome;
}

async function openSessions(context: BackupContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const tenant = await context.tenant(offer);
  const client = await context.backups(offer);
  await context.inSession(tenant, (session) => createFilled(session, LEDGER));
  const held = {
    idle: await context.recorder.openWhenReady(tenant.access),
    busy: await context.recorder.openWhenReady(tenant.access),
  };
  try {
    return await restoredUnder(context, tenant, client, held);
  } finally {
    for (const session of [held.idle, held.busy]) await session.close();
  }
}

/** BK-12: a restore under open sessions. */
export const openSessionsCheck = backupCheck("BK-12", {
  requirement:
    "With sessions open, idle or in a transaction, a restore replaces everything and ends them, or is refused and changes nothing.",
  instances: 1,
  run: openSessions,
});
