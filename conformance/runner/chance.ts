import type { OsbClient } from "../client/osb-client.ts";
import { NoAnswer } from "../client/no-answer.ts";
import type { RunMemory } from "../client/run-memory.ts";
import type { Outcome } from "./check.ts";
import type { PlannedCheck } from "./check-runner.ts";
import type { StartedSuite } from "./suite.ts";

/** How often a check is held again whose verdict may be due to chance. */
const AGAIN_MAX = 5;

/** How often in all a verdict has to come in the same words to stand. */
const ALIKE_MIN = 3;

/** What a check found, and the client that it used. */
export interface Judged {
  readonly outcome: Outcome | "no room";
  readonly client: OsbClient;
}

/** Whether a broker that fails now and then may owe a verdict to that: a 5xx, or a silence, is among what led to it. */
function mayBeChance({ outcome, client: { sent, silent } }: Judged): boolean {
  if (outcome === "no room" || outcome.verdict === "pass" || outcome.verdict === "not-applicable") return false;
  const all = [...(outcome.evidence ?? []), ...sent];
  return silent.length > 0 || all.some((each) => ("status" in each ? each.status >= 500 : each.response === undefined));
}

const reasonIn = ({ outcome }: Judged): string | undefined => (outcome === "no room" ? undefined : outcome.reason);

function isConfirmed(all: readonly Judged[]): boolean {
  const last = all.at(-1);
  return last !== undefined && all.filter((each) => reasonIn(each) === reasonIn(last)).length >= ALIKE_MIN;
}

/**
 * The verdict of a check at a broker that fails now and then. What may be due to that is judged again, with nothing that checks share, and stands
 * only if it keeps coming in the same words.
 */
export async function judgeUnlessChance(
  planned: PlannedCheck,
  judge: (planned: PlannedCheck) => Promise<Judged>,
): Promise<Judged> {
  let last = await judge(planned);
  const all = [last];
  const isSettled = () => {
    const { isUnsteady, lifeline } = last.client.memory;
    return !isUnsteady || lifeline.isLost || !mayBeChance(last) || isConfirmed(all);
  };
  while (!isSettled()) {
    if (all.length > AGAIN_MAX) return giveUp(last);
    const suite = planned.suite.afresh();
    last = await judge({ ...planned, suite });
    all.push(last);
    await reclaimAll(suite);
  }
  return last;
}

/** Gives back what was kept for other checks. What can't be removed is on the run's list. */
async function reclaimAll(suite: StartedSuite): Promise<void> {
  for (let isMore = true; isMore; ) isMore = await suite.reclaim().catch((error: unknown) => isSilence(error));
}

function isSilence(error: unknown): true {
  if (error instanceof NoAnswer) return true;
  throw error;
}

function giveUp({ outcome, client }: Judged): Judged {
  const reason = "the broker fails now and then, and each time that this was judged it failed differently";
  const evidence = outcome === "no room" ? [] : (outcome.evidence ?? []);
  return { outcome: { verdict: "unknown", reason, evidence }, client };
}

/** What the run says of a broker that fails now and then: no rule says how often one may, so that is no finding. */
export function describeStumbles({ stumbles }: Pick<RunMemory, "stumbles">): readonly string[] {
  if (stumbles === 0) return [];
  const requests = stumbles === 1 ? "1 request" : `${stumbles} requests`;
  return [
    `${requests} failed (5xx or no answer) but not when sent again: the broker, or what stands before it, is unsteady`,
  ];
}
