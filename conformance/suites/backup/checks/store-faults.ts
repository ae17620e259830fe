import { describeDifferences, differences } from "../../../data/contents.ts";
import { DataError } from "../../../data/plane.ts";
import { type Evidence, fail, type Outcome, pass, Verdicted, worstOf } from "../../../runner/check.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import type { BackupClient, BackupOperation } from "../client.ts";
import { type BackupContext, describeEnd, type Stage } from "../context.ts";
import { fillState, look, STATE } from "../faulted-state.ts";
import { drawRegister, shrinkRegister } from "../oracles/draw-register.ts";
import { isLinearizable } from "../oracles/register.ts";
import { backupCheck } from "../plan.ts";
import { createRegister, INITIAL, useRegister } from "../workloads/register.ts";

/** How long writes may be blocked after a backup has ended, in milliseconds. */
const RESUME_MS_MAX = 60_000;
const RESUME_POLL_MS = 500;
/** How often a busy instance is asked again, in milliseconds. */
const BUSY_POLL_MS = 5000;

/** Undefined once writes are accepted again; otherwise the last refusal. */
async function writesResume(
  context: BackupContext,
  { tenant, client }: Stage,
  key: string,
): Promise<DataError | undefined> {
  const endMs = client.clock.nowMs() + RESUME_MS_MAX;
  for (;;) {
    const refusal = await context.recorder
      .withSession(tenant.access, (session) =>
        session.run({ do: "insert", table: STATE.shape, rows: [[key, "written"]] }),
      )
      .then(() => undefined)
      .catch((error: unknown) => {
        if (error instanceof DataError) return error;
        throw error;
      });
    if (refusal === undefined || client.clock.nowMs() > endMs) return refusal;
    await client.clock.sleepMs(RESUME_POLL_MS);
  }
}

const wasDone = ({ state }: BackupOperation): boolean => state === "succeeded";

/** Requests a backup until one is taken: clearing up a failed one may keep the instance busy for a while. */
async function createOnceFree({ platform }: BackupContext, client: BackupClient, id: string): Promise<BackupOperation> {
  const { clock, signal, operationMsMax } = platform.settings;
  const endMs = clock.nowMs() + operationMsMax;
  for (;;) {
    const made = await client.create(id);
    const isBusy = made.state === "refused" && [409, 423, 429].includes(made.began.status);
    if (!isBusy || clock.nowMs() > endMs) return made;
    await clock.sleepMs(BUSY_POLL_MS, signal);
  }
}

/** The actions alongside a backup under a fault, and their findings. */
interface Beside {
  prepare(tenant: Tenant): Promise<void>;
  during<T>(tenant: Tenant, work: () => Promise<T>): Promise<{ readonly result: T; readonly shown?: Outcome }>;
}

const NOTHING: Beside = {
  prepare: async () => {},
  during: async (_tenant, work) => ({ result: await work() }),
};

/** A backup under a fault succeeds only if it is complete; the next backup succeeds. */
async function judgeFaultedBackup(context: BackupContext, fault: string, beside = NOTHING): Promise<Outcome> {
  context.requireFault(fault);
  const stage = await context.stage("B1", "create", "restore");
  const { client, tenant } = stage;
  await beside.prepare(tenant);
  const was = await fillState(context, stage);
  const { result: met, shown } = await beside.during(tenant, () =>
    context.withFault(fault, tenant.live.id, () => client.create(tenant.live.id)),
  );
  if (shown !== undefined) return shown;
  if (met.state === "timed-out" || met.state === "lost")
    return fail("a backup that ends when it meets a fault", met.state, met.began, met.last);
  const next = await createOnceFree(context, client, tenant.live.id);
  if (!wasDone(next))
    return fail("a backup to succeed once the fault is gone", describeEnd(next), met.last, next.began, next.last);
  await context.inSession(tenant, (session) => session.run({ do: "delete", table: STATE.shape, key: "first" }));
  for (const backup of wasDone(met) ? [met, next] : [next]) {
    const restore = await context.restore(client, tenant, backup);
    const found = differences(was, await context.readAfterRestore(tenant.access, [backup, restore], look));
    if (found.length > 0)
      return fail(
        "a backup that says it has succeeded to be whole",
        describeDifferences(found),
        ...context.evidence([backup, restore], found),
      );
  }
  return pass(met.began, met.last, next.last);
}

/** One row that several applications read and write while the primary is killed: one order of all operations explains what each has seen. */
async function judgeFailOver(context: BackupContext): Promise<Outcome> {
  return judgeFaultedBackup(context, "kill-primary", {
    prepare: (tenant) => createRegister(context, tenant),
    during: async (tenant, work) => {
      const { history, result } = await useRegister(context, tenant, work);
      if (isLinearizable(history, INITIAL)) return { result };
      const seen = `no order explains these operations:\n${drawRegister(shrinkRegister(history, INITIAL))}`;
      return { result, shown: fail("every acknowledged write to survive a fail-over", seen, ...context.lastStep()) };
    },
  });
}

/** The same for each of several faults that have hooks. */
async function judgeFaults(context: BackupContext, faults: readonly string[]): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const fault of faults)
    outcomes.push(
      await judgeFaultedBackup(context, fault).catch((error: unknown) => {
        if (error instanceof Verdicted) return error.outcome;
        throw error;
      }),
    );
  const worst = worstOf(outcomes);
  return worst.verdict === "pass" ? pass(...outcomes.flatMap(({ evidence }) => evidence ?? [])) : worst;
}

async function judgeMissingStore(context: BackupContext): Promise<Outcome> {
  context.requireFault("store-missing");
  const { client, live } = await context.apiStage("B1", "create");
  const met = await context.withFault("store-missing", live.id, () => client.create(live.id));
  if (met.state === "failed" || met.state === "refused") return pass(met.began, met.last);
  return fail("a backup to fail if there is no store", describeEnd(met), met.began, met.last);
}

async function judgeUnlock(context: BackupContext): Promise<Outcome> {
  const stage = await context.stage("B1", "create");
  const { client, tenant } = stage;
  await fillState(context, stage);
  const evidence: Evidence[] = [];
  const ends: readonly (readonly [string, () => Promise<BackupOperation>])[] = [
    ["that succeeded", () => client.create(tenant.live.id)],
    ["that failed", () => context.withFault("store-error", tenant.live.id, () => client.create(tenant.live.id))],
  ];
  const faults = context.run.backend.faults ?? {};
  for (const [how, run] of ends.filter(([end]) => end === "that succeeded" || faults["store-error"] !== undefined)) {
    const deed = await run();
    evidence.push(deed.last);
    const refusal = await writesResume(context, stage, `after a backup ${how}`);
    if (refusal !== undefined)
      return fail(
        `writes to go on within ${RESUME_MS_MAX / 1000} s of a backup ${how}`,
        refusal.message,
        ...evidence,
        ...context.lastStep(),
      );
  }
  const reason =
    "no backup was made to fail: nobody can break the store on purpose (hooks.faults.store-error in drydock.yml)";
  return { ...pass(...evidence, ...context.lastStep()), ...(faults["store-error"] === undefined && { reason }) };
}

async function judgeFullDisk(context: BackupContext): Promise<Outcome> {
  context.requireFault("fill-disk");
  const stage = await context.stage("B1", "create", "restore");
  const { client, tenant } = stage;
  await fillState(context, stage);
  const backup = await context.backup(client, tenant);
  const met = await context.withFault("fill-disk", tenant.live.id, async () => [
    await client.create(tenant.live.id),
    await client.restore(tenant.live.id, backup.id),
  ]);
  const hung = met.find(({ state }) => state === "timed-out" || state === "lost");
  if (hung !== undefined) return fail("operations that end on a full disk", hung.state, hung.began, hung.last);
  const refusal = await writesResume(context, stage, "after the disk was full");
  const evidence = met.map(({ last }) => last);
  if (refusal !== undefined)
    return fail("the service to recover once there is room", refusal.message, ...evidence, ...context.lastStep());
  const next = await client.create(tenant.live.id);
  return wasDone(next)
    ? pass(...evidence, next.last)
    : fail("a backup to succeed once there is room", describeEnd(next), ...evidence, next.last);
}

/** BK-08: a store that is missing fails visibly. */
export const missingStoreCheck = backupCheck("BK-08", {
  requirement: "Without a store, a backup is refused or fails; it never succeeds.",
  exclusive: true,
  run: judgeMissingStore,
});

/** BK-31: a fail-over during a backup. */
export const failOverCheck = backupCheck("BK-31", {
  requirement:
    "A backup during which the primary is killed fails, or succeeds and is complete; the next one succeeds. What applications read and write meanwhile is linearizable: no write that was acknowledged is lost, and nothing is read that was overwritten.",
  exclusive: true,
  run: judgeFailOver,
});

/** BK-32: an agent that dies during a backup. */
export const agentCheck = backupCheck("BK-32", {
  requirement: "A backup whose agent dies ends within its time, and the next one succeeds.",
  exclusive: true,
  run: (context) => judgeFaultedBackup(context, "kill-agent"),
});

/** BK-33: a store that fails during an upload. */
export const storeCheck = backupCheck("BK-33", {
  requirement:
    "A backup whose store refuses, breaks, is full, is slow or is cut off fails, or is complete; the next one succeeds.",
  instances: 5,
  exclusive: true,
  run: (context) => judgeFaults(context, ["store-refuse", "store-error", "store-full", "store-slow", "store-cut"]),
});

/** BK-34: writes continue however a backup ends. */
export const unlockCheck = backupCheck("BK-34", {
  requirement: "After a backup, however it ended, writes are accepted again.",
  exclusive: true,
  run: judgeUnlock,
});

/** BK-38: a full disk. */
export const fullDiskCheck = backupCheck("BK-38", {
  requirement:
    "On a full disk, backups and restores end; once there is room, the service accepts writes and backups succeed.",
  exclusive: true,
  run: judgeFullDisk,
});
