import type { Conversation } from "../../data/evidence.ts";
import { describe, differences, type Picture, pictureOf } from "../../data/picture.ts";
import { DataError } from "../../data/plane.ts";
import type { Tenant } from "../../data/tenants.ts";
import { fail, type Outcome, pass, warn } from "../../runner/check.ts";
import { checkOf } from "../../runner/requirement.ts";
import type { BackupClient, Deed } from "../client.ts";
import { fill, marked } from "../content.ts";
import type { BackupContext } from "../context.ts";

const LEDGER = marked("drydock_ledger", "the ledger", "changed", "kept");
const VALUE = { name: "value", type: "text" } as const;

const look = (session: Conversation): Promise<Picture> => pictureOf(session, [LEDGER.shape]);

/** What an application leaves open: a session that is idle, and one in the middle of a transaction. */
async function leaveOpen(idle: Conversation, busy: Conversation): Promise<void> {
  const table = LEDGER.shape;
  await idle.run({ do: "insert", table, rows: [["added", "after the backup"]] });
  await busy.run({ do: "begin" });
  await busy.run({ do: "update", table, key: "kept", column: VALUE, value: "never committed" });
}

async function goesOn(session: Conversation): Promise<boolean> {
  try {
    await session.run({ do: "tables" });
    return true;
  } catch (error) {
    if (error instanceof DataError) return false;
    throw error;
  }
}

/** Refused or failed it must have changed nothing; begun and done, everything, and whoever was in it is out. */
async function restoredUnder(
  context: BackupContext,
  tenant: Tenant,
  client: BackupClient,
  held: readonly [Conversation, Conversation],
): Promise<Outcome> {
  const atBackup = await context.inside(tenant, look);
  const backup: Deed = await context.backup(client, tenant);
  await leaveOpen(...held);
  const atRestore = await context.inside(tenant, look);
  const restore = await client.restore(tenant.live.id, backup.id);
  const deeds = [backup, restore];
  if (restore.state === "timed-out" || restore.state === "lost")
    return fail("a restore that ends while sessions are open", restore.state, ...context.evidence(deeds));
  const isDone = restore.state === "succeeded";
  const after = await context.reading(tenant.key, deeds, look);
  const found = differences(isDone ? atBackup : atRestore, after);
  const evidence = context.evidence(deeds, found);
  const expected = isDone ? "nothing but what was backed up" : "nothing to change when a restore does not succeed";
  if (found.length > 0) return fail(expected, describe(found), ...evidence);
  if (!isDone) return { ...pass(...evidence), reason: `with sessions open a restore is not done: ${restore.state}` };
  for (const session of held)
    if (await goesOn(session))
      return warn("sessions to end when their data is replaced", "one that goes on", ...context.evidence(deeds));
  return pass(...evidence);
}

async function openSessions(context: BackupContext): Promise<Outcome> {
  const offer = await context.dataOffer();
  const tenant = await context.tenant(offer);
  const client = await context.backups(offer, tenant.live.id);
  await context.inside(tenant, (session) => fill(session, LEDGER));
  const held = [await context.desk.enter(tenant.key), await context.desk.enter(tenant.key)] as const;
  try {
    return await restoredUnder(context, tenant, client, held);
  } finally {
    for (const session of held) await session.close();
  }
}

export const openSessionsCheck = checkOf(
  "backup",
  {
    id: "BK-12",
    title: "a restore under open sessions",
    level: "MUST",
    section: "Restored data",
    requirement:
      "With sessions open, idle or in a transaction, a restore replaces everything and ends them, or is refused and changes nothing.",
    instances: 1,
  },
  openSessions,
);
