import { describeDifferences, differences, type DatabaseContents, readContents } from "../../../data/contents.ts";
import type { RecordedSession } from "../../../data/recorded-session.ts";
import type { TableRow } from "../../../data/statement.ts";
import { fail, type Outcome, pass } from "../../../runner/check.ts";
import { createFilled, type FilledTable, markedTable, seeTable } from "../../tenants/tables.ts";
import type { BackupOperation } from "../client.ts";
import type { BackupContext, Stage } from "../context.ts";
import { backupCheck } from "../plan.ts";

const STATE = markedTable("drydock_state", "the first state", "kept", "changed");
const VALUE = { name: "value", type: "text" } as const;

const look = seeTable(STATE);

/** Restores, and describes how the data differ from the original; undefined if they don't. */
async function judgeBack(
  context: BackupContext,
  { client, tenant }: Stage,
  backup: BackupOperation,
  was: DatabaseContents,
  when: string,
): Promise<Outcome | undefined> {
  const restore = await context.restore(client, tenant, backup);
  const found = differences(was, await context.readAfterRestore(tenant.access, [backup, restore], look));
  if (found.length === 0) return undefined;
  return fail(
    `the data of the backup ${when}`,
    describeDifferences(found),
    ...context.evidence([backup, restore], found),
  );
}

async function judgeEmpty(context: BackupContext): Promise<Outcome> {
  const stage = await context.stage("B1", "create", "restore");
  const before = await context.inSession(stage.tenant, look);
  const backup = await context.backup(stage.client, stage.tenant);
  await context.inSession(stage.tenant, (session) => createFilled(session, STATE));
  return (
    (await judgeBack(context, stage, backup, before, "of an empty instance")) ?? pass(...context.evidence([backup]))
  );
}

async function judgeTwice(context: BackupContext): Promise<Outcome> {
  const stage = await context.stage("B1", "create", "restore");
  const { tenant, client } = stage;
  const before = await context.inSession(
    tenant,
    async (session) => (await createFilled(session, STATE), look(session)),
  );
  const backup = await context.backup(client, tenant);
  for (const when of ["at first", "when it is restored again"]) {
    await context.inSession(tenant, (session) =>
      session.run({ do: "update", table: STATE.shape, key: "changed", column: VALUE, value: when }),
    );
    const outcome = await judgeBack(context, stage, backup, before, when);
    if (outcome !== undefined) return outcome;
  }
  return pass(...context.evidence([backup]));
}

async function judgeBackAndForth(context: BackupContext): Promise<Outcome> {
  const stage = await context.stage("B1", "create", "restore", "list");
  const { tenant, client } = stage;
  const old = await context.inSession(tenant, async (session) => (await createFilled(session, STATE), look(session)));
  const first = await context.backup(client, tenant);
  const later = await context.inSession(tenant, async (session) => {
    await session.run({ do: "update", table: STATE.shape, key: "changed", column: VALUE, value: "later" });
    await session.run({ do: "insert", table: STATE.shape, rows: [["added", "later"]] });
    return look(session);
  });
  const second = await context.backup(client, tenant);
  for (const [backup, was, when] of [
    [first, old, "of before"],
    [second, later, "of after, once that of before has been restored"],
    [first, old, "of before, once more"],
  ] as const) {
    const outcome = await judgeBack(context, stage, backup, was, when);
    if (outcome !== undefined) return outcome;
  }
  const list = await client.ask("list", { instance: tenant.live.id });
  const ids = (client.entriesOf(list) ?? []).map((each) => client.idOf(each));
  const lost = [first, second].find(({ id }) => !ids.includes(id));
  if (lost !== undefined)
    return fail("both backups to be listed still", `one of ${lost === first ? "before" : "after"} is not`, list);
  return pass(...context.evidence([first, second]), list);
}

/** Minimum size of the artifact, in bytes: more than three parts of 5 MiB, the minimum of a multipart upload, or of 4 MiB. */
const LARGE_BYTES = 16 * 1024 * 1024;
const ROW_CHARS = 64 * 1024;
const LARGE_ROWS = LARGE_BYTES / ROW_CHARS;

/** Text that hardly compresses: generated, as base64. */
function noise(seed: number): string {
  const bytes = Buffer.alloc((ROW_CHARS / 4) * 3);
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeUInt32LE(state >>> 0, at);
  }
  return bytes.toString("base64");
}

const largeTable = (): FilledTable => ({
  ...markedTable("drydock_large", "", ""),
  rows: Array.from({ length: LARGE_ROWS }, (_, at): TableRow => [`part ${String(at).padStart(4, "0")}`, noise(at)]),
});

async function judgeLarge(context: BackupContext): Promise<Outcome> {
  const { client, tenant } = await context.stage("B1", "create", "restore");
  const table = largeTable();
  const read = (session: RecordedSession): Promise<DatabaseContents> => readContents(session, [table.shape]);
  const before = await context.inSession(
    tenant,
    async (session) => (await createFilled(session, table), read(session)),
  );
  const backup = await context.backup(client, tenant);
  await context.inSession(tenant, (session) => session.run({ do: "drop-table", table: table.shape.name }));
  const restore = await context.restore(client, tenant, backup);
  const found = differences(before, await context.readAfterRestore(tenant.access, [backup, restore], read));
  const evidence = context.evidence([backup, restore], found);
  if (found.length === 0) return pass(...evidence);
  return fail(`${LARGE_BYTES / 1024 / 1024} MiB to come back whole`, describeDifferences(found), ...evidence);
}

/** BK-09: an empty instance stays empty. */
export const emptyCheck = backupCheck("BK-09", {
  requirement: "A backup of an instance without data succeeds, and its restore leaves the instance without data.",
  run: judgeEmpty,
});

/** BK-17: a large backup comes back whole. */
export const largeCheck = backupCheck("BK-17", {
  requirement: "A backup of more than three parts of an upload comes back whole.",
  run: judgeLarge,
});

/** BK-25: the same backup restored twice. */
export const twiceCheck = backupCheck("BK-25", {
  requirement: "A backup that is restored again gives the same data again.",
  run: judgeTwice,
});

/** BK-26: back and forth between backups. */
export const backAndForthCheck = backupCheck("BK-26", {
  requirement:
    "Restoring an older backup, a newer one and the older one again gives the data of each, and both stay listed.",
  run: judgeBackAndForth,
});
