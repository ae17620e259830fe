import { CronExpressionParser } from "cron-parser";
import { badRequest } from "../errors.ts";

/** Fields of a cron expression: minute, hour, day of the month, month, day of the week. */
const FIELDS = 5;
/** How many due times of one schedule are counted at once, at most. */
const COUNTED_MAX = 1000;

/** When a backup is due. */
interface Schedule {
  /** A cron expression of five fields. */
  readonly expression: string;
  /** IANA name, such as `Europe/London`. */
  readonly timeZone: string;
}

/** The first due time after a moment; both in ms since the Unix epoch. */
export function nextDueMs({ expression, timeZone }: Schedule, afterMs: number): number {
  return CronExpressionParser.parse(expression, { currentDate: new Date(afterMs), tz: timeZone })
    .next()
    .getTime();
}

/** The due times from one moment, which is itself due, up to another: how many, and the last. */
export function dueTimes(
  schedule: Schedule,
  firstMs: number,
  untilMs: number,
): { readonly count: number; readonly lastMs: number } {
  let [count, lastMs] = [1, firstMs];
  for (
    let next = nextDueMs(schedule, lastMs);
    next <= untilMs && count < COUNTED_MAX;
    next = nextDueMs(schedule, lastMs)
  )
    [count, lastMs] = [count + 1, next];
  return { count, lastMs };
}

/** Checks a requested schedule. @throws OsbError 400 */
export function checkSchedule(schedule: Schedule, nowMs: number): Schedule {
  const fields = schedule.expression.trim().split(/\s+/);
  if (fields.length !== FIELDS) throw badRequest("schedule must have five fields: minute, hour, day, month, weekday.");
  try {
    new Intl.DateTimeFormat("en", { timeZone: schedule.timeZone });
  } catch {
    throw badRequest("time_zone must be a name of the time zone database, such as Europe/London.");
  }
  try {
    nextDueMs(schedule, nowMs);
  } catch {
    throw badRequest("schedule must be a cron expression of five fields.");
  }
  return { ...schedule, expression: fields.join(" ") };
}
