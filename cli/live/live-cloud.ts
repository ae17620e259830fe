import type { LiveClock, LiveEvent, LiveRule } from "../../reports/live/feed.ts";
import type { ClockCommand, LiveCloud, Refused } from "../../reports/live/source.ts";
import type { Cloud } from "../../scenarios/cloud/cloud.ts";
import { WallDriver, wallNowMs } from "../../simulators/kernel/edge/drive.ts";
import { KernelError, parseRule } from "../../simulators/kernel/index.ts";
import { LiveRecords } from "./records.ts";
import { rowsOf } from "./rows.ts";
import { showTask } from "./task-output.ts";

/** The least number of journal events between two requests for the brokers' records. */
const RECORDS_MS = 1000;

const refusedBy = (work: () => void): Refused | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof KernelError) return { code: error.code, message: error.message };
    throw error;
  }
};

function steer({ driver }: Cloud["world"], command: ClockCommand): Refused | undefined {
  if (!(driver instanceof WallDriver)) return { code: "LIVE_CLOCK", message: "only the run itself moves this clock" };
  if (command.do === "step" && !driver.isPaused)
    return { code: "LIVE_CLOCK", message: "pause the clock before you step it" };
  if (command.do === "step" && !driver.step()) return { code: "LIVE_CLOCK", message: "nothing is scheduled" };
  if (command.do === "jump") driver.jump(command.ms);
  if (command.do === "pause") driver.pause();
  if (command.do === "resume") driver.resume();
  return undefined;
}

function clockOf({ driver, kernel }: Cloud["world"], pace: string): LiveClock {
  if (!(driver instanceof WallDriver))
    return { kind: "virtual", nowMs: kernel.nowMs, aheadMs: kernel.nowMs - wallNowMs(), isPaused: false, pace };
  return {
    kind: "wall",
    nowMs: wallNowMs() + driver.aheadMs,
    aheadMs: driver.aheadMs,
    isPaused: driver.isPaused,
    pace,
  };
}

/** A booted cloud as the live page sees it. */
export function liveCloud({ world, brokers, description }: Cloud): LiveCloud {
  const { kernel } = world;
  const records = new LiveRecords(world, () => brokers.list());
  let askedMs = Number.NEGATIVE_INFINITY;
  let askedAt = -1;
  const ask = (): void => {
    if (kernel.journal.seq === askedAt || performance.now() - askedMs < RECORDS_MS) return;
    [askedAt, askedMs] = [kernel.journal.seq, performance.now()];
    records.read();
  };
  return {
    rows: () => rowsOf(world, records.records),
    get version() {
      ask();
      return kernel.journal.seq + records.version;
    },
    events: (): readonly LiveEvent[] => kernel.journal.events,
    brokenLaws: () => world.findBrokenLaws(),
    clock: () => clockOf(world, description.pace),
    steerClock: (command) => steer(world, command),
    points: () => kernel.faults.points.map(({ point, prose, effects }) => ({ point, prose, effects })),
    rules: (): readonly LiveRule[] =>
      kernel.faults.rules.map(({ id, rule, acted }) => ({ id, point: rule.point, effect: rule.effect.kind, acted })),
    arm: (rule) => refusedBy(() => kernel.faults.arm(parseRule(rule))),
    disarm: (id) => refusedBy(() => kernel.faults.disarm(id)),
    taskOutput: (number, kind) => {
      const task = world.bosh.state().tasks.get(number);
      return task === undefined ? undefined : showTask(task, kind);
    },
  };
}
