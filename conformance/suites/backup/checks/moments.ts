import type { RecordedSession } from "../../../data/recorded-session.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import { isSuccess } from "../../../client/request.ts";
import { type Evidence, fail, notApplicable, type Outcome, pass, unknown, Verdicted } from "../../../runner/check.ts";
import { createFilled, markedTable } from "../../tenants/tables.ts";
import type { BackupClient, BackupOperation } from "../client.ts";
import { type BackupContext, describeEnd, type Stage } from "../context.ts";
import { backupCheck } from "../plan.ts";

const TABLE = markedTable("drydock_moments", "the beginning", "first");

/** Time between two writes that a restore must tell apart, in milliseconds. */
const STEP_MS = 2000;
/** The distance that is certainly outside a window, in milliseconds. */
const OUTSIDE_MS = 3_600_000;
/** How long the log of a write may take to be collected, in milliseconds. */
const COLLECTED_MS_MAX = 300_000;
const POLL_MS = 5000;

const keysIn = async (session: RecordedSession): Promise<readonly string[]> =>
  (await session.run({ do: "rows", table: TABLE.shape })).map(([key]) => String(key));

interface Window {
  readonly startMs: number;
  readonly endMs: number;
  readonly answer: Evidence;
}

/** The window as the interface shows it; undefined if there is none. */
async function askWindow(client: BackupClient, instance: string): Promise<Window | undefined> {
  const answer = await client.ask("window", { instance });
  const times = Object.values(bodyOf(answer)).filter((each) => typeof each === "string" || typeof each === "number");
  const [startMs = Number.NaN, endMs = Number.NaN] = times
    .map((each) => (typeof each === "number" ? each : Date.parse(each)))
    .toSorted((a, b) => a - b);
  if (!isSuccess(answer)) throw new Verdicted(unknown(`the window is answered ${answer.status}`, answer));
  return Number.isNaN(startMs) || Number.isNaN(endMs) ? undefined : { startMs, endMs, answer };
}

/** Waits until the window includes a moment, and returns it. */
async function awaitWindow(client: BackupClient, instance: string, untilMs: number): Promise<Window> {
  const { clock } = client;
  const endMs = clock.nowMs() + COLLECTED_MS_MAX;
  for (;;) {
    const window = await askWindow(client, instance);
    if (window !== undefined && window.endMs >= untilMs) return window;
    const late = `${COLLECTED_MS_MAX / 1000} s after what was written`;
    if (clock.nowMs() > endMs && window === undefined)
      throw new Verdicted(notApplicable(`this instance can't be restored to a moment: there is no window ${late}`));
    if (clock.nowMs() > endMs && window !== undefined)
      throw new Verdicted(unknown(`the window does not reach it ${late}`, window.answer));
    await clock.sleepMs(POLL_MS);
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** Restores an instance to a moment. */
function restoreTo(client: BackupClient, instance: string, atMs: number): Promise<BackupOperation> {
  const values = { time: iso(atMs), millis: atMs, seconds: Math.floor(atMs / 1000) };
  return client.start("restoreTo", { instance, ...values });
}

/** A stage with a first backup, and rows that are written some time apart; the moments just after each. */
async function writeApart(
  context: BackupContext,
  { client, tenant }: Stage,
  keys: readonly string[],
): Promise<readonly number[]> {
  const moments: number[] = [];
  for (const key of keys) {
    await context.inSession(tenant, (session) => session.run({ do: "insert", table: TABLE.shape, rows: [[key, key]] }));
    await client.clock.sleepMs(STEP_MS / 2);
    moments.push(client.clock.nowMs());
    await client.clock.sleepMs(STEP_MS / 2);
  }
  return moments;
}

async function begin(context: BackupContext): Promise<Stage> {
  const stage = await context.stage("B3", "create", "window", "restoreTo");
  await context.inSession(stage.tenant, (session) => createFilled(session, TABLE));
  await context.backup(stage.client, stage.tenant);
  await stage.client.clock.sleepMs(STEP_MS);
  return stage;
}

/** The rows after a restore to a moment; fails the check if the restore does not succeed. */
async function rowsAt(context: BackupContext, { client, tenant }: Stage, atMs: number): Promise<readonly string[]> {
  const restore = await restoreTo(client, tenant.live.id, atMs);
  if (restore.state !== "succeeded")
    throw new Verdicted(
      fail(`a restore to ${iso(atMs)}, which is in the window`, describeEnd(restore), restore.began, restore.last),
    );
  return context.readAfterRestore(tenant.access, [restore], keysIn);
}

async function judgeWindow(context: BackupContext): Promise<Outcome> {
  const stage = await begin(context);
  const { client, tenant } = stage;
  const [lastMs = 0] = await writeApart(context, stage, ["second"]);
  const window = await awaitWindow(client, tenant.live.id, lastMs);
  const { clock } = client;
  const outside: Evidence[] = [];
  for (const atMs of [window.startMs - OUTSIDE_MS, Math.max(window.endMs, clock.nowMs()) + OUTSIDE_MS]) {
    const restore = await restoreTo(client, tenant.live.id, atMs);
    outside.push(restore.began);
    if (restore.state !== "refused" && restore.state !== "failed")
      return fail(
        `a restore to ${iso(atMs)}, outside of the window, to be refused`,
        describeEnd(restore),
        window.answer,
        restore.began,
      );
    if (restore.began.status >= 500)
      return fail("a refusal", String(restore.began.status), window.answer, restore.began);
  }
  const keys = await rowsAt(context, stage, window.endMs);
  if (!keys.includes("second"))
    return fail(
      "the end of the window to hold what was written before it",
      `${keys.join(", ")}`,
      window.answer,
      ...context.lastStep(),
    );
  return pass(window.answer, ...outside, ...context.lastStep());
}

async function judgePrecision(context: BackupContext): Promise<Outcome> {
  const stage = await begin(context);
  const [afterSecond = 0, afterThird = 0] = await writeApart(context, stage, ["second", "third"]);
  await awaitWindow(stage.client, stage.tenant.live.id, afterThird);
  const keys = await rowsAt(context, stage, afterSecond);
  const expected = `at ${iso(afterSecond)} what was written ${STEP_MS / 2000} s before, and not what was written after`;
  const evidence = context.lastStep();
  return keys.join() === "first,second" ? pass(...evidence) : fail(expected, keys.join(", ") || "nothing", ...evidence);
}

/** After a restore there are two histories: a moment before it means the old one, a moment after it the new one. */
async function judgeBranches(context: BackupContext): Promise<Outcome> {
  const stage = await begin(context);
  const { client, tenant } = stage;
  const [kept = 0, undone = 0] = await writeApart(context, stage, ["kept", "undone"]);
  await awaitWindow(client, tenant.live.id, undone);
  await rowsAt(context, stage, kept);
  const [later = 0] = await writeApart(context, stage, ["after the restore"]);
  // A vendor may start a new window: then a backup must be taken first.
  await context.backup(client, tenant);
  await client.clock.sleepMs(STEP_MS);
  const [last = 0] = await writeApart(context, stage, ["last"]);
  const window = await awaitWindow(client, tenant.live.id, last);
  const evidence: Evidence[] = [window.answer];
  for (const [atMs, expected] of [
    [last, "after the restore,first,kept,last"],
    [later, "after the restore,first,kept"],
    [undone, "first,kept,undone"],
  ] as const) {
    const restore = await restoreTo(client, tenant.live.id, atMs);
    evidence.push(restore.began);
    if (restore.state === "refused" && restore.began.status < 500) continue;
    if (restore.state !== "succeeded")
      return fail(`a restore to ${iso(atMs)}, or a refusal`, describeEnd(restore), ...evidence);
    const keys = await context.readAfterRestore(tenant.access, [restore], keysIn);
    if (keys.toSorted().join() !== expected)
      return fail(
        `at ${iso(atMs)} the rows ${expected.replaceAll(",", ", ")}`,
        keys.join(", "),
        ...evidence,
        ...context.lastStep(),
      );
  }
  return pass(...evidence, ...context.lastStep());
}

/** What an idle instance may lose if nothing is claimed, in milliseconds. */
const LOSS_MS_MAX = 300_000;

/**
 * A log of writes that is collected segment by segment waits for the next write, unless the platform takes
 * care of it.
 */
async function judgeIdle(context: BackupContext): Promise<Outcome> {
  context.requireFault("node-lost");
  const stage = await begin(context);
  const { client, tenant } = stage;
  const { clock } = client;
  const { rpo } = context.run.file.figures;
  const lossMs = rpo === undefined ? LOSS_MS_MAX : rpo * 1000;
  const [lastMs = 0] = await writeApart(context, stage, ["before it was idle"]);
  await clock.sleepMs(lossMs + STEP_MS);
  const lostMs = clock.nowMs();
  await context.withFault("node-lost", tenant.live.id, async () => {});
  const window = await awaitWindow(client, tenant.live.id, lastMs);
  const keys = await rowsAt(context, stage, window.endMs);
  const ago = `${Math.round((lostMs - lastMs) / 1000)} s before the node was lost`;
  return keys.includes("before it was idle")
    ? pass(window.answer, ...context.lastStep())
    : fail(
        `what was written ${ago}, as ${lossMs / 1000} s may be lost at most`,
        keys.join(", ") || "nothing",
        window.answer,
        ...context.lastStep(),
      );
}

/** BK-27: the window of moments is honest. */
export const windowCheck = backupCheck("BK-27", {
  requirement:
    "A moment outside the shown window is refused; the end of the window can be restored and holds what was written before it.",
  run: judgeWindow,
});

/** BK-28: a moment between two commits. */
export const precisionCheck = backupCheck("BK-28", {
  requirement: "A restore to a moment between two writes has the earlier one and not the later one.",
  run: judgePrecision,
});

/** BK-29: a moment before and after a restore. */
export const branchesCheck = backupCheck("BK-29", {
  requirement: "A moment before an earlier restore and one after it lead to the data of that time, or are refused.",
  run: judgeBranches,
});

/** BK-30: an idle instance loses no more than declared. */
export const idleCheck = backupCheck("BK-30", {
  requirement:
    "When the node of an instance is lost that has been idle, what was written longer ago than the declared loss can be restored.",
  exclusive: true,
  run: judgeIdle,
});
