import type { RecordedSession } from "../../../data/recorded-session.ts";
import { describeDifferences, differences, type DatabaseContents, readContents } from "../../../data/contents.ts";
import { fail, type Outcome, pass } from "../../../runner/check.ts";
import { backupCheck } from "../plan.ts";
import { createFilled, markedTable } from "../../tenants/tables.ts";
import type { BackupContext } from "../context.ts";

const LEDGER = markedTable("drydock_ledger", "the ledger", "changed", "deleted", "kept");
const DROPPED = markedTable("drydock_dropped", "a table that goes", "only");
const LATE = markedTable("drydock_late", "a table that comes", "only");
const SHAPES = [LEDGER.shape, DROPPED.shape];
const VALUE = { name: "value", type: "text" } as const;

async function prepare(session: RecordedSession): Promise<DatabaseContents> {
  for (const table of [LEDGER, DROPPED]) await createFilled(session, table);
  return readContents(session, SHAPES);
}

/** Changes after the backup: a restore must undo each of them, without anybody clearing the way. */
async function live(session: RecordedSession): Promise<void> {
  const table = LEDGER.shape;
  await session.run({ do: "insert", table, rows: [["added", "after the backup"]] });
  await session.run({ do: "update", table, key: "changed", column: VALUE, value: "after the backup" });
  await session.run({ do: "delete", table, key: "deleted" });
  await session.run({ do: "drop-table", table: DROPPED.shape.name });
  await createFilled(session, LATE);
  if (session.extras.has("index"))
    await session.run({ do: "create-index", name: "drydock_late_index", table, column: VALUE.name });
}

async function replacement(context: BackupContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const tenant = await context.tenant(offer);
  const client = await context.backups(offer);
  const before = await context.inSession(tenant, prepare);
  const backup = await context.backup(client, tenant);
  await context.inSession(tenant, live);
  const restore = await context.restore(client, tenant, backup);
  const after = await context.readAfterRestore(tenant.access, [backup, restore], (session) =>
    readContents(session, SHAPES),
  );
  const found = differences(before, after);
  const evidence = context.evidence([backup, restore], found);
  if (found.length === 0) return pass(...evidence);
  return fail("nothing but what was there when the backup was taken", describeDifferences(found), ...evidence);
}

/** BK-11: a restore replaces. */
export const replacementCheck = backupCheck("BK-11", {
  requirement:
    "A restore undoes whatever was added, changed, deleted, created or dropped after the backup, without anybody emptying the instance first.",
  instances: 1,
  run: replacement,
});
