import { hash } from "node:crypto";
import type { OperationContext } from "../operations/context.ts";
import type { UpdatePayload } from "../operations/payloads.ts";
import { type ControlPlane, newOperation } from "../osb/operations.ts";
import { isSameMaintenance, type Maintenance, maintenanceOf } from "../spi/maintenance.ts";
import type { InstanceRow, RolloutRow } from "../store/schema.ts";

/** An instance that was not updated, and why. */
export interface LeftBehind {
  readonly id: string;
  readonly why: string;
}

/** The results for the instances of a wave. */
interface WaveEnd {
  readonly updated: number;
  readonly failed: readonly LeftBehind[];
  readonly skipped: readonly LeftBehind[];
}

const PAGE = 100;
/** How long an instance may be busy before it is skipped, and how often to look, at pace 1. */
const BUSY_MS_MAX = 600_000;
const BUSY_POLL_MS = 5_000;

const isOutdated = ({ state, maintenance }: InstanceRow, target: Maintenance): boolean =>
  (state === "ready" || state === "broken") &&
  (maintenance === "" || !isSameMaintenance(maintenanceOf(maintenance, target), target));

/** The next instances after the cursor that are made of something else, by id. */
export async function nextWave(
  { store }: OperationContext,
  after: string,
  target: Maintenance,
  size: number,
): Promise<readonly InstanceRow[]> {
  const wave: InstanceRow[] = [];
  for (let cursor = after; wave.length < size; ) {
    const page = await store.instancesAfter(cursor, PAGE);
    wave.push(...page.filter((row) => isOutdated(row, target)));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    cursor = last.id;
  }
  return wave.slice(0, size);
}

/** One name for the update of one instance in one rollout, so that whoever continues after a crash finds what was begun. */
const operationId = (rollout: RolloutRow, instanceId: string): string =>
  hash("sha256", `${rollout.id} ${instanceId}`).slice(0, 32);

type Fate = "updated" | { readonly failed: string } | { readonly skipped: string };

const fateOf = (ending: string): Fate =>
  ending === "succeeded" ? "updated" : { failed: "its update failed and was undone; see the log" };

async function bring(controlPlane: ControlPlane, rollout: RolloutRow, instanceId: string): Promise<Fate> {
  const { context, executor } = controlPlane;
  const { store, host } = context;
  const id = operationId(rollout, instanceId);
  const begun = await store.operation(id);
  if (begun !== undefined) return fateOf(await executor.start(begun));
  for (let waitedMs = 0; ; waitedMs += BUSY_POLL_MS) {
    const instance = await store.instance(instanceId);
    if (instance === undefined) return { skipped: "it was deprovisioned meanwhile" };
    if ((await store.quarantineOf(instanceId)) !== undefined) return { skipped: "it was taken out of use" };
    const { plan_id: planId, parameters } = instance;
    const payload: UpdatePayload = { planId, parameters, maintenance: rollout.maintenance };
    const operation = { ...newOperation(context, { instanceId, kind: "update", payload }), id };
    if (await store.openOperation(operation, { actor: "operator" })) return fateOf(await executor.start(operation));
    if (waitedMs >= BUSY_MS_MAX) return { skipped: "another operation kept it busy" };
    await host.sleepMs(BUSY_POLL_MS);
  }
}

/** Updates the instances of a wave, all at once. @throws StoreError */
export async function runWave(
  controlPlane: ControlPlane,
  rollout: RolloutRow,
  wave: readonly InstanceRow[],
): Promise<WaveEnd> {
  const fates = await Promise.all(wave.map(async ({ id }) => ({ id, fate: await bring(controlPlane, rollout, id) })));
  const failed: LeftBehind[] = [];
  const skipped: LeftBehind[] = [];
  for (const { id, fate } of fates) {
    if (fate === "updated") continue;
    if ("failed" in fate) failed.push({ id, why: fate.failed });
    else skipped.push({ id, why: fate.skipped });
  }
  return { updated: fates.length - failed.length - skipped.length, failed, skipped };
}
