import Type from "typebox";
import { OsbError } from "../errors.ts";
import { parserOf } from "../json.ts";
import { coalesce } from "../operations/retry.ts";
import { newId } from "../osb/ids.ts";
import type { ControlPlane } from "../osb/operations.ts";
import { maintenanceOf } from "../spi/maintenance.ts";
import type { RolloutRow } from "../store/schema.ts";
import { type LeftBehind, nextWave, runWave } from "./waves.ts";

/** How an operator wants instances to be updated. */
interface RolloutOrder {
  /** Instances at once, after the first one, which goes alone. */
  readonly wave: number;
  /** How many failures it tolerates. */
  readonly failuresMax: number;
}

/** Updates every instance to the configured maintenance version. */
export interface Rollouts {
  /** @throws OsbError 409 while one is running */
  begin(order: RolloutOrder): Promise<RolloutRow>;
  /** Begins no further wave. Does nothing for one that has ended. */
  stop(id: string): Promise<void>;
  /** Continues what is running, unless another process does. */
  resume(): Promise<void>;
}

/** How long after the death of its process another one continues. */
const LEASE_MS = 30_000;
const LEASE = "rollout";
/** How often to look whether a wave has ended; the lease is renewed as often. */
const LOOKS_PER_LEASE = 3;

const parse = parserOf(
  "the instances that a rollout has left behind",
  Type.Array(Type.Object({ id: Type.String(), why: Type.String() })),
);

/** The instances that a rollout has left behind, as its row says. */
export const leftBehind = (text: string): readonly LeftBehind[] => parse(text);

/** Waits for work, and holds the lease meanwhile. */
async function holding<T>({ context: { store, host } }: ControlPlane, work: Promise<T>): Promise<T> {
  let isOver = false;
  const ended = work.finally(() => (isOver = true));
  const hold = async (): Promise<void> => {
    while (!isOver) {
      await Promise.race([ended.catch(() => {}), host.waitMs(LEASE_MS / LOOKS_PER_LEASE)]);
      if (!isOver) await store.holdLease(LEASE, LEASE_MS);
    }
  };
  const [value] = await Promise.all([ended, hold()]);
  return value;
}

/** Runs one wave. Resolves to false if there is nothing more to do. */
async function step(controlPlane: ControlPlane): Promise<boolean> {
  const { store, host, catalog } = controlPlane.context;
  const rollout = await store.runningRollout();
  if (rollout === undefined || !(await store.holdLease(LEASE, LEASE_MS))) return false;
  const target = maintenanceOf(rollout.maintenance, catalog.maintenance);
  // The first wave is one instance: what breaks every instance breaks that one alone.
  const size = rollout.waves === 0 ? 1 : rollout.wave;
  const wave = await nextWave(controlPlane.context, rollout.cursor_id, target, size);
  if (wave.length === 0) {
    const isWhole = rollout.failed === "[]" && rollout.skipped === "[]";
    await store.setRollout(rollout.id, { state: isWhole ? "succeeded" : "incomplete", finished_ms: host.nowMs() });
    return false;
  }
  const end = await holding(controlPlane, runWave(controlPlane, rollout, wave));
  const failed = [...leftBehind(rollout.failed), ...end.failed];
  const isTooMany = failed.length > rollout.failures_max;
  await store.setRollout(rollout.id, {
    cursor_id: wave.at(-1)?.id ?? rollout.cursor_id,
    waves: rollout.waves + 1,
    updated: rollout.updated + end.updated,
    failed: JSON.stringify(failed),
    skipped: JSON.stringify([...leftBehind(rollout.skipped), ...end.skipped]),
    ...(isTooMany && { state: "stopped", finished_ms: host.nowMs() }),
  });
  return !isTooMany;
}

/**
 * Makes the rollouts, which update instances in waves. Each instance's update is an operation like a platform's, so a crash loses none of it; the
 * rollout is a row, with which another process can continue.
 *
 * @param report called with what went wrong; the next look tries again
 */
export function createRollouts(controlPlane: ControlPlane, report: (error: unknown) => void): Rollouts {
  const { context } = controlPlane;
  const { store, host } = context;
  const drive = coalesce(async () => {
    while (await step(controlPlane));
  });
  return {
    begin: async ({ wave, failuresMax }) => {
      if ((await store.runningRollout()) !== undefined) throw new OsbError(409, "A rollout is running already.");
      const row: RolloutRow = {
        id: newId(context),
        state: "running",
        maintenance: JSON.stringify(context.catalog.maintenance),
        wave,
        failures_max: failuresMax,
        cursor_id: "",
        waves: 0,
        updated: 0,
        failed: "[]",
        skipped: "[]",
        started_ms: host.nowMs(),
        finished_ms: 0,
      };
      await store.addRollout(row);
      drive().catch(report);
      return row;
    },
    stop: async (id) => void (await store.setRollout(id, { state: "stopped", finished_ms: host.nowMs() })),
    resume: drive,
  };
}
