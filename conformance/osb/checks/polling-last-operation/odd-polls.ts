import type { Answer } from "../../../client/answer.ts";
import { fail, followsFrom, notApplicable, type Outcome, pass, worstOf } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { expectStatus, seenOf } from "../../judge.ts";
import type { ThingKind } from "../../model/deletions.ts";
import { type OddPolls, oddPolls } from "../../sequences/odd-polls.ts";

/**
 * How an unusual poll is answered, unless the ordinary polls around it fail too: then its form is not the reason. The one after it may come when
 * the operation has ended, which a broker should remember, but need not below 2.16.
 */
function unlessOrdinaryFails(kind: ThingKind, { first, last }: OddPolls, outcome: Outcome): Outcome {
  if (outcome.verdict === "pass") return outcome;
  const about = (poll: Answer, cause: string) =>
    followsFrom(`lastop-${kind}-${cause}`, `an ordinary poll is answered ${seenOf(poll)} too`, poll);
  if (first.status !== 200) return about(first, "available");
  return last.status === 200 ? outcome : about(last, "state-kept");
}

/** Polls with an id that is empty. */
export function pollMalformed(kind: ThingKind) {
  return async (context: OsbContext): Promise<Outcome> => {
    const polls = await oddPolls(context, kind);
    const outcome = worstOf(polls.malformed.map((poll) => expectStatus(poll, [200, 400], ["4xx"])));
    return unlessOrdinaryFails(kind, polls, outcome);
  };
}

/** Polls with an operation that the broker never returned. It may answer 400; a 5xx is not something that a MAY governs. */
export function pollInvalid(kind: ThingKind) {
  return async (context: OsbContext): Promise<Outcome> => {
    const polls = await oddPolls(context, kind);
    const { invented } = polls;
    const outcome =
      invented.status >= 500
        ? followsFrom("error-appropriate-status", `it is answered ${seenOf(invented)}`, invented)
        : expectStatus(invented, [200, 400, 404], ["4xx"]);
    return unlessOrdinaryFails(kind, polls, outcome);
  };
}

/** Compares polls with and without service_id and plan_id. */
export function pollWithoutHints(kind: ThingKind) {
  return async (context: OsbContext): Promise<Outcome> => {
    const polls = await oddPolls(context, kind);
    const { bare, first } = polls;
    const outcome =
      bare.status === first.status
        ? pass(first, bare)
        : fail(`the answer with the hints (${first.status})`, seenOf(bare), first, bare);
    return unlessOrdinaryFails(kind, polls, outcome);
  };
}

/** Polls with the operation that the broker returned work if polls without it do. */
export function pollRoundTrip(kind: ThingKind) {
  return async (context: OsbContext): Promise<Outcome> => {
    const { started, first, unnamed, last } = await oddPolls(context, kind);
    if (unnamed === undefined) return notApplicable("no operation was returned", started);
    if (first.status === 200) return pass(started, first);
    // If the same poll works later, this one came too early, or was answered with another status while the operation went on.
    if (last.status === 200)
      return followsFrom(
        `lastop-${kind}-${first.status < 300 ? "200" : "available"}`,
        `a poll is answered ${seenOf(first)}`,
        started,
        first,
        last,
      );
    return unnamed.status === 200
      ? fail("a poll with the operation of the 202 to be answered 200", seenOf(first), started, first, unnamed)
      : followsFrom(`lastop-${kind}-available`, `a poll is answered ${seenOf(first)}`, started, first);
  };
}
