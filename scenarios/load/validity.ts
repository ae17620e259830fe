import type { LoadTally } from "./figures.ts";
import { formatMicros } from "./quantities.ts";

const PERCENTILES = [50, 90, 99] as const;

/**
 * Why a run measured itself rather than its target; empty if it is valid. A generator that was later than the target took to reply, at any of
 * the usual percentiles, can't say what the target would have done; nor can one that skipped requests or got no answer.
 */
export function findInvalid(tally: LoadTally, model: "open" | "closed"): readonly string[] {
  const reply = tally.together("reply");
  const late = PERCENTILES.filter((each) => tally.lateness.at(each) > reply.at(each));
  const lines: string[] = [];
  if (reply.count === 0) return ["nothing was sent"];
  if (tally.sum(({ answered }) => answered) === 0) lines.push("nothing was answered");
  for (const each of model === "open" ? late : [])
    lines.push(
      `the generator was ${formatMicros(tally.lateness.at(each))} late at p${each}, where the target replied within ${formatMicros(reply.at(each))}`,
    );
  if (tally.dropped > 0)
    lines.push(`${tally.dropped} requests were due but not sent: too many were waiting for answers`);
  return lines;
}
