import type { Answer } from "../../client/answer.ts";
import { isSuccess } from "../../client/request.ts";
import { fail, followsFrom, type Outcome, pass, unknown } from "../../runner/check.ts";
import { expectStatus, seenOf } from "../judge.ts";
import type { ThingKind } from "../model/deletions.ts";

/** Something whose deletion was accepted and has ended, and what the broker says about it and about what never existed. */
export interface Removed {
  readonly kind: ThingKind;
  /** The fetch while it existed. */
  readonly live: Answer | undefined;
  /** The fetch of what never existed. */
  readonly unknown: Answer | undefined;
  readonly deletion: Answer;
  /** The fetch afterwards. */
  readonly fetched: Answer | undefined;
  /** The next deletion. */
  readonly again: Answer | undefined;
  /** The deletion of what never existed. */
  readonly control?: Answer | undefined;
}

const IDS: Readonly<
  Record<
    ThingKind,
    Readonly<Record<"deletes" | "goneAgain" | "unknown" | "fetch" | "fetchGone" | "fetchUnknown", string>>
  >
> = {
  instance: {
    deletes: "deprovision-deletes-resources",
    goneAgain: "deprovision-410-after-delete",
    unknown: "deprovision-410-unknown",
    fetch: "fetch-instance-supported",
    fetchGone: "fetch-instance-404-after-delete",
    fetchUnknown: "fetch-instance-404-unknown",
  },
  binding: {
    deletes: "unbind-deletes-resources",
    goneAgain: "unbind-410-after-delete",
    unknown: "unbind-410-unknown",
    fetch: "fetch-binding-supported",
    fetchGone: "fetch-binding-404-after-unbind",
    fetchUnknown: "fetch-binding-404-unknown",
  },
};

const shows = (answer: Answer | undefined): answer is Answer => answer !== undefined && isSuccess(answer);

/** What exists is fetched as wrongly as what does not: nothing can be fetched. */
const isUnfetchable = (live: Answer | undefined, fetched: Answer): live is Answer =>
  live !== undefined && !isSuccess(live) && live.status === fetched.status;

/** GET shows what exists, and nothing else. */
const isTruthful = ({ live, unknown: control }: Removed): boolean =>
  shows(live) && control !== undefined && !isSuccess(control);

/** It still exists: a GET that tells existing things from others shows it, and the next deletion does not say that it is gone. */
const stays = (removed: Removed): boolean =>
  isTruthful(removed) &&
  shows(removed.fetched) &&
  removed.again !== undefined &&
  ![404, 410].includes(removed.again.status);

/** The broker treats what never existed and what was deleted alike: the same status for both, or success for both. */
export const isAlike = (control: Answer, again: Answer): boolean =>
  control.status === again.status || (isSuccess(control) && isSuccess(again));

/** What was deleted is gone. If GET and DELETE contradict each other, one of them is wrong, not the deletion. */
export function judgeGone(removed: Removed): Outcome {
  const { kind, deletion, fetched, again } = removed;
  const ids = IDS[kind];
  const evidence = [deletion, fetched, again].filter((answer) => answer !== undefined);
  if (stays(removed)) return fail(`a deleted ${kind} to be gone`, "GET still shows it", ...evidence);
  if (isTruthful(removed) && fetched !== undefined && !shows(fetched)) return pass(...evidence);
  if (isTruthful(removed) && shows(fetched))
    return followsFrom(ids.fetchGone, "GET still shows it, but the next deletion says that it is gone", ...evidence);
  if (again === undefined) return unknown("it was not looked for after the deletion", ...evidence);
  if (again.status === 404 || again.status === 410) return pass(...evidence);
  const reason = `the next deletion is answered ${seenOf(again)}, which does not tell whether something was left`;
  const isOfNothing = removed.control !== undefined && isAlike(removed.control, again);
  return followsFrom(isOfNothing ? ids.unknown : ids.goneAgain, reason, ...evidence);
}

/**
 * The next deletion is answered 410. If what never existed is answered just as wrongly, or the first deletion left the thing, this is not a fault
 * of its own.
 */
export function judgeSecondDeletion(removed: Removed & { readonly again: Answer }): Outcome {
  const { kind, deletion, again, control } = removed;
  const outcome = expectStatus(again, [410]);
  if (outcome.verdict === "pass") return outcome;
  const ids = IDS[kind];
  if (stays(removed)) return followsFrom(ids.deletes, "GET still shows what was deleted", deletion, again);
  if (control !== undefined && isAlike(control, again))
    return followsFrom(ids.unknown, `what never was is answered ${seenOf(control)} too`, control, deletion, again);
  return { ...outcome, evidence: [deletion, again] };
}

/** The fetch afterwards is answered 404. It may be that what never existed is fetched just as wrongly, or that the deletion left the thing. */
export function judgeFetchGone(removed: Removed & { readonly fetched: Answer }): Outcome {
  const { kind, live, deletion, fetched, unknown: control } = removed;
  const outcome = expectStatus(fetched, [404]);
  if (outcome.verdict === "pass") return outcome;
  const ids = IDS[kind];
  if (stays(removed))
    return followsFrom(ids.deletes, "the next deletion is accepted: it is still there", deletion, fetched);
  if (isUnfetchable(live, fetched))
    return followsFrom(ids.fetch, `what was there was answered ${seenOf(live)} too`, live, deletion, fetched);
  if (control?.status === fetched.status)
    return followsFrom(
      ids.fetchUnknown,
      `what never was is answered ${seenOf(control)} too`,
      control,
      deletion,
      fetched,
    );
  return { ...outcome, evidence: [deletion, fetched] };
}

/** The fetch of what never existed is answered 404. If what exists is answered just as wrongly, nothing can be fetched, and that is the fault. */
export function judgeFetchUnknown(
  fetched: Answer | undefined,
  live: Answer | undefined,
  judgedBy: string,
): Outcome | undefined {
  if (fetched === undefined) return undefined;
  const outcome = expectStatus(fetched, [404]);
  if (outcome.verdict === "pass" || !isUnfetchable(live, fetched)) return outcome;
  return followsFrom(judgedBy, `what is there is answered ${seenOf(live)} too`, live, fetched);
}
