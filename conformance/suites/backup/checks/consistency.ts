import type { RecordedSession } from "../../../data/recorded-session.ts";
import { fail, type Outcome, pass, unknown } from "../../../runner/check.ts";
import { createFilled, markedTable } from "../../tenants/tables.ts";
import type { BackupOperation } from "../client.ts";
import type { BackupContext, Stage } from "../context.ts";
import { drawHistory } from "../oracles/draw-history.ts";
import { judgeCauses, judgeTotal } from "../oracles/invariants.ts";
import { judgeLedger, type LedgerRow, type LedgerWrite } from "../oracles/ledger.ts";
import { shrinkHistory } from "../oracles/shrink.ts";
import { backupCheck } from "../plan.ts";
import { chainBeside, readBalances, readChain, TOTAL, transferBeside } from "../workloads/transfers.ts";
import { readLedger, writeBeside } from "../workloads/writers.ts";

/** A drawing of the shortest part of a history that is still refused. */
function drawFault(writes: readonly LedgerWrite[], rows: readonly LedgerRow[], span: BackupOperation): string {
  const rowsOf = (some: readonly LedgerWrite[]): readonly LedgerRow[] =>
    rows.filter(({ writer, seq }) => some.some((each) => each.writer === writer && each.seq === seq));
  const shortest = shrinkHistory(writes, (some) => judgeLedger(some, rowsOf(some), span).length > 0);
  return drawHistory(shortest, rowsOf(shortest), span);
}

/** Takes a backup while applications work; ends the check as unknown if none succeeds. */
async function backUp(context: BackupContext, { client, tenant }: Stage): Promise<BackupOperation> {
  return context.backup(client, tenant);
}

/** Restores, and reads the restored data. */
async function readBack<T>(
  context: BackupContext,
  { client, tenant }: Stage,
  backup: BackupOperation,
  read: (session: RecordedSession) => Promise<T>,
): Promise<{ readonly found: T; readonly deeds: readonly BackupOperation[] }> {
  const deeds = [backup, await context.restore(client, tenant, backup)];
  return { found: await context.readAfterRestore(tenant.access, deeds, read), deeds };
}

async function prefix(context: BackupContext): Promise<Outcome> {
  const stage = await context.stage("B1", "create", "restore");
  const { writes, result: backup } = await writeBeside(context, stage.tenant, () => backUp(context, stage));
  if (writes.every(({ ackedMs }) => ackedMs === undefined)) return unknown("no write was acknowledged", backup.last);
  const { found: rows, deeds } = await readBack(context, stage, backup, readLedger);
  const [fault, ...more] = judgeLedger(writes, rows, backup);
  const evidence = context.evidence(deeds);
  if (fault === undefined) return pass(...evidence);
  const drawn = drawFault(writes, rows, backup);
  const expected = "one moment of the backup, at which each writer had written what is there and nothing else";
  return fail(
    expected,
    `${fault.kind}: ${fault.text}${more.length > 0 ? `; and ${more.length} more` : ""}`,
    ...evidence,
    {
      curl: `# the shortest part of the history that is still refused\n${drawn}`,
      request: { method: "HISTORY", url: "drydock:ledger", headers: {} },
      response: { headers: {}, body: drawn, elapsedMs: 0 },
    },
  );
}

async function total(context: BackupContext): Promise<Outcome> {
  const stage = await context.stage("B1", "create", "restore");
  const backup = await transferBeside(context, stage.tenant, () => backUp(context, stage));
  const { found, deeds } = await readBack(context, stage, backup, readBalances);
  const fault = judgeTotal(TOTAL, found);
  const evidence = context.evidence(deeds);
  return fault === undefined ? pass(...evidence) : fail(`accounts that hold ${TOTAL} in all`, fault, ...evidence);
}

async function causes(context: BackupContext): Promise<Outcome> {
  const stage = await context.stage("B1", "create", "restore");
  const { pairs, result: backup } = await chainBeside(context, stage.tenant, () => backUp(context, stage));
  const { found, deeds } = await readBack(context, stage, backup, readChain);
  const torn = judgeCauses(pairs, ...found);
  const evidence = context.evidence(deeds);
  const [first] = torn;
  if (first === undefined) return pass(...evidence);
  const seen = `"${first.effect}" in one table without "${first.cause}" in another, before which it was never written`;
  return fail(
    "no effect without its cause",
    `${seen}${torn.length > 1 ? `; and ${torn.length - 1} more` : ""}`,
    ...evidence,
  );
}

const WRITTEN = markedTable(
  "drydock_acknowledged",
  "a moment ago",
  ...Array.from({ length: 50 }, (_, at) => `row ${at}`),
);

/** No pause between the last acknowledgement and the request for the backup: a replica that lags has not seen it yet. */
async function judgeAcknowledged(context: BackupContext): Promise<Outcome> {
  const stage = await context.stage("B1", "create", "restore");
  const backup = await context.recorder.withSession(stage.tenant.access, async (session) => {
    await createFilled(session, { ...WRITTEN, rows: WRITTEN.rows.slice(0, 1) });
    for (const row of WRITTEN.rows.slice(1)) await session.run({ do: "insert", table: WRITTEN.shape, rows: [row] });
    return backUp(context, stage);
  });
  const { found, deeds } = await readBack(context, stage, backup, (session) =>
    session.run({ do: "rows", table: WRITTEN.shape }).catch(() => []),
  );
  const missing = WRITTEN.rows.filter(([key]) => !found.some(([there]) => there === key));
  const evidence = context.evidence(deeds);
  if (missing.length === 0) return pass(...evidence);
  return fail(
    "every row that was acknowledged before the backup was requested",
    `${missing.length} of ${WRITTEN.rows.length} missing`,
    ...evidence,
  );
}

/** BK-13: a backup under load is one prefix of what was written. */
export const prefixCheck = backupCheck("BK-13", {
  requirement:
    "A backup that is taken while eight applications write holds the state at one moment between its request and its end: the first rows of each writer, without a gap, everything that was acknowledged before that moment and nothing that was sent after it.",
  run: prefix,
});

/** BK-14: a backup under load keeps the total. */
export const totalCheck = backupCheck("BK-14", {
  requirement: "A backup that is taken while amounts move between the accounts of two tables holds no half transfer.",
  run: total,
});

/** BK-15: a backup under load is one cut across tables. */
export const causesCheck = backupCheck("BK-15", {
  requirement:
    "In a backup that is taken under load, no row of one table lacks its cause, which was acknowledged earlier in another table.",
  run: causes,
});

/** BK-16: what was acknowledged before a backup is in it. */
export const acknowledgedCheck = backupCheck("BK-16", {
  requirement: "What was acknowledged just before a backup was requested is in it, even if a replica is its source.",
  run: judgeAcknowledged,
});
