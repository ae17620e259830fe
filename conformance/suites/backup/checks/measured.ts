import type { RecordedSession } from "../../../data/recorded-session.ts";
import type { TableRow } from "../../../data/statement.ts";
import { DataError } from "../../../data/plane.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import { fail, notApplicable, type Outcome, pass, unknown } from "../../../runner/check.ts";
import { createFilled, markedTable } from "../../tenants/tables.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import { type BackupContext, describeEnd } from "../context.ts";
import type { LedgerWrite } from "../oracles/ledger.ts";
import { backupCheck } from "../plan.ts";
import { readLedger, writeBeside } from "../workloads/writers.ts";

/** A pass that states the measurement, or a failure if it exceeds the vendor's claim. */
function judgeFigure(name: string, valueMs: number, claimedMs: number | undefined, measured: Outcome): Outcome {
  const seen = `${(valueMs / 1000).toFixed(1)} s`;
  if (claimedMs !== undefined && valueMs > claimedMs)
    return fail(`${name} of ${claimedMs / 1000} s at most, as it is claimed`, seen, ...(measured.evidence ?? []));
  const claim = claimedMs === undefined ? "" : `; claimed: ${claimedMs / 1000} s`;
  return {
    ...measured,
    reason: `${name}: ${seen}${measured.reason === undefined ? "" : `, ${measured.reason}`}${claim}`,
  };
}

const claimOf = (context: BackupContext, name: "rpo" | "rto" | "stall"): number | undefined => {
  const seconds = context.run.file.figures[name];
  return seconds === undefined ? undefined : seconds * 1000;
};

/** Everything is lost at once: a restore of the newest backup lacks all later writes. */
async function judgeLoss(context: BackupContext): Promise<Outcome> {
  const { client, tenant } = await context.stage("B1", "create", "restore");
  const { writes, result: backup } = await writeBeside(context, tenant, () => context.backup(client, tenant));
  const restore = await context.restore(client, tenant, backup);
  const rows = await context.readAfterRestore(tenant.access, [backup, restore], readLedger);
  const there = new Set(rows.map(({ writer, seq }) => `${writer}/${seq}`));
  // The loss happens at the very moment when the backup has ended.
  const lostMs = backup.endedMs;
  const missing = writes.filter(
    ({ writer, seq, ackedMs }) => ackedMs !== undefined && ackedMs <= lostMs && !there.has(`${writer}/${seq}`),
  );
  const oldestMs = Math.min(lostMs, ...missing.map(({ sentMs }) => sentMs));
  const measured = {
    ...pass(...context.evidence([backup, restore])),
    reason: `${missing.length} of ${writes.length} acknowledged writes`,
  };
  return judgeFigure("loss of a restore right after a backup", lostMs - oldestMs, claimOf(context, "rpo"), measured);
}

/** Sizes of data, in bytes. */
const SIZES = [0, 1024 * 1024, 8 * 1024 * 1024] as const;
const ROW_CHARS = 32 * 1024;

async function fillTo(session: RecordedSession, bytes: number): Promise<void> {
  const rows = Array.from(
    { length: bytes / ROW_CHARS },
    (_, at): TableRow => [`row ${at}`, `${at} `.repeat(ROW_CHARS).slice(0, ROW_CHARS)],
  );
  await createFilled(session, { ...markedTable("drydock_sized", "", ""), rows });
}

/** From the request for a restore to the first write that is acknowledged, in milliseconds. */
async function measureRestore(
  context: BackupContext,
  bytes: number,
): Promise<{ readonly tookMs: number; readonly outcome: Outcome }> {
  const { client, tenant } = await context.stage("B1", "create", "restore");
  await context.inSession(tenant, (session) => fillTo(session, bytes));
  const backup = await context.backup(client, tenant);
  const restore = await context.restore(client, tenant, backup);
  await context.readAfterRestore(tenant.access, [backup, restore], (session) =>
    session.run({ do: "insert", table: markedTable("drydock_sized", "", "").shape, rows: [["first", "write"]] }),
  );
  return {
    tookMs: client.clock.nowMs() - restore.askedMs,
    outcome: pass(restore.began, restore.last, ...context.lastStep()),
  };
}

async function judgeRestoreTime(context: BackupContext): Promise<Outcome> {
  const found: { readonly bytes: number; readonly tookMs: number; readonly outcome: Outcome }[] = [];
  for (const bytes of SIZES) found.push({ bytes, ...(await measureRestore(context, bytes)) });
  const worst = found.reduce((slow, each) => (each.tookMs > slow.tookMs ? each : slow));
  const curve = found
    .map(({ bytes, tookMs }) => `${bytes / 1024 / 1024} MiB ${(tookMs / 1000).toFixed(1)} s`)
    .join(", ");
  return judgeFigure("time to the first write after a restore", worst.tookMs, claimOf(context, "rto"), {
    ...worst.outcome,
    reason: curve,
  });
}

/** The longest time between two acknowledgements of any writer, in milliseconds. */
function longestGapMs(writes: readonly LedgerWrite[]): number {
  const acks = writes.flatMap(({ ackedMs }) => ackedMs ?? []).toSorted((a, b) => a - b);
  return Math.max(0, ...acks.slice(1).map((each, at) => each - (acks[at] ?? each)));
}

async function judgeStall(context: BackupContext): Promise<Outcome> {
  const { client, tenant } = await context.stage("B1", "create");
  const { writes, result: backup } = await writeBeside(context, tenant, () => context.backup(client, tenant));
  if (writes.length === 0) return unknown("nothing was written", backup.last);
  const measured = {
    ...pass(backup.began, backup.last),
    reason: `${writes.filter(({ ackedMs }) => ackedMs === undefined).length} of ${writes.length} writes refused`,
  };
  return judgeFigure(
    "longest stall of writes during a backup",
    longestGapMs(writes),
    claimOf(context, "stall"),
    measured,
  );
}

const SIZE_NAMES = ["size_bytes", "size", "bytes"];
const LOGICAL_BYTES = 1024 * 1024;

async function sizeAfter(context: BackupContext, tenant: Tenant): Promise<number | undefined> {
  const client = await context.backups(tenant.live.offer, "B1", "create", "get");
  const backup = await client.create(tenant.live.id);
  if (backup.state !== "succeeded") throw new DataError("failed", `a backup ended ${describeEnd(backup)}`);
  const body = bodyOf(await client.ask("get", { instance: tenant.live.id, backup: backup.id }));
  const size = SIZE_NAMES.map((name) => body[name]).find((each) => typeof each === "number");
  return typeof size === "number" ? size : undefined;
}

async function judgeAmplification(context: BackupContext): Promise<Outcome> {
  const { tenant, client } = await context.stage("B1", "create", "get");
  await context.inSession(tenant, (session) => fillTo(session, LOGICAL_BYTES));
  const [full, repeat] = [await sizeAfter(context, tenant), await sizeAfter(context, tenant)];
  const list = await client.ask("list", { instance: tenant.live.id });
  if (full === undefined || repeat === undefined) return notApplicable("the size of a backup is not shown", list);
  const times = (bytes: number): string => (bytes / LOGICAL_BYTES).toFixed(2);
  const claimed = context.run.file.figures.amplification;
  if (claimed !== undefined && full / LOGICAL_BYTES > claimed)
    return fail(`${claimed} bytes stored for each byte of data at most, as it is claimed`, times(full), list);
  return {
    ...pass(list),
    reason: `stored for each byte of data: ${times(full)}, and ${times(repeat)} when it is backed up again unchanged`,
  };
}

/** BK-49: what a sudden loss costs. */
export const lossCheck = backupCheck("BK-49", {
  requirement: "The loss in a restore of the newest backup is measured, and is no more than claimed (figures.rpo).",
  run: judgeLoss,
});

/** BK-50: how long a restore takes. */
export const restoreTimeCheck = backupCheck("BK-50", {
  requirement:
    "The time from the request for a restore to the first write is measured at three sizes, and is no more than claimed (figures.rto).",
  instances: 3,
  run: judgeRestoreTime,
});

/** BK-51: how long writes stall. */
export const stallCheck = backupCheck("BK-51", {
  requirement:
    "The longest time without an acknowledged write during a backup is measured, and is no more than claimed (figures.stall).",
  run: judgeStall,
});

/** BK-52: how much a backup stores. */
export const amplificationCheck = backupCheck("BK-52", {
  requirement:
    "How much a backup stores for each byte of data is measured, and how much it stores if nothing has changed.",
  run: judgeAmplification,
});
