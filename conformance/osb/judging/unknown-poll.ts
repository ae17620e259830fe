import type { Answer } from "../../client/answer.ts";
import type { Outcome } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { expectStatus, seenOf } from "../judge.ts";
import type { ThingKind } from "../model/deletions.ts";
import { followsFromFact } from "../model/fact.ts";
import { arePollsServed } from "../model/polls.ts";

/** Judges the poll of something that never existed, unless no poll is served at all. */
export async function judgeUnknownPoll({ shared }: OsbContext, kind: ThingKind, answer: Answer): Promise<Outcome> {
  const outcome = expectStatus(answer, [404]);
  if (answer.status < 500) return outcome;
  const served = await arePollsServed(shared, kind);
  return served.value === false
    ? followsFromFact(served, `an ordinary poll is not served: ${seenOf(answer)}`, answer)
    : outcome;
}
