import { describeDifferences, differences, type DatabaseContents } from "../../../data/contents.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import { fail, type Outcome, pass, unknown } from "../../../runner/check.ts";
import { backupCheck } from "../plan.ts";
import { createFilled, type FilledTable, markedTable, seeTable } from "../../tenants/tables.ts";
import type { BackupContext } from "../context.ts";

const NAME = "drydock_canaries";
const VALUE = { name: "value", type: "text" } as const;

const see = seeTable;

const canariesOf = ({ live }: Tenant): FilledTable => markedTable(NAME, live.id, "first", "second");

/** The neighbour keeps writing, so that rolling it back to an earlier state would show. */
async function goOn(context: BackupContext, neighbour: Tenant, table: FilledTable): Promise<DatabaseContents> {
  return context.inSession(neighbour, async (session) => {
    await session.run({ do: "insert", table: table.shape, rows: [["third", `third of ${neighbour.live.id}`]] });
    await session.run({ do: "update", table: table.shape, key: "first", column: VALUE, value: "changed meanwhile" });
    return see(table)(session);
  });
}

async function neighbourUnchanged(context: BackupContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const shared = await context.osb.liveOf(offer);
  context.markChanged();
  const [neighbour, tenant] = await Promise.all([context.tenant(offer, shared), context.tenant(offer)]);
  const client = await context.backups(offer);
  const [canaries, own] = [canariesOf(neighbour), canariesOf(tenant)];
  await context.inSession(neighbour, (session) => createFilled(session, canaries));
  await context.inSession(tenant, (session) => createFilled(session, own));
  const backup = await context.backup(client, tenant);
  await context.inSession(tenant, (session) => session.run({ do: "delete", table: own.shape, key: "first" }));
  const before = await goOn(context, neighbour, canaries);
  const restore = await client.restore(tenant.live.id, backup.id);
  const after = await context.readAfterRestore(neighbour.access, [backup, restore], see(canaries));
  const found = differences(before, after);
  const evidence = context.evidence([backup, restore], found);
  if (found.length > 0)
    return fail("the neighbour as it was just before the restore", describeDifferences(found), ...evidence);
  if (restore.state !== "succeeded") return unknown(`no restore succeeded: one ended ${restore.state}`, ...evidence);
  return pass(...evidence);
}

/** BK-48: a restore leaves the neighbours alone. */
export const neighbourCheck = backupCheck("BK-48", {
  requirement: "A backup and a restore of one instance change nothing in another instance of the same service.",
  instances: 2,
  // We can't choose which instance a restore hits by mistake. Run alone, it has no other to hit.
  exclusive: true,
  run: neighbourUnchanged,
});
