import { METHOD, type Operation } from "../../client/answer.ts";
import type { NoAnswer } from "../../client/no-answer.ts";
import { fail, followsFrom, type Outcome, unknown } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { silenceOf } from "../variations/silence.ts";

/** The check whose finding it is that an ordinary request of an operation gets no answer. The catalog is not among them: without it no run begins. */
const JUDGED_BY: Readonly<Partial<Record<Operation, string>>> = {
  provision: "provision-creates-resource",
  update: "update-200",
  deprovision: "deprovision-deletes-resources",
  bind: "bind-creates-binding",
  unbind: "unbind-deletes-resources",
  "poll-instance": "lastop-instance-available",
  "poll-binding": "lastop-binding-available",
  "fetch-instance": "fetch-instance-supported",
  "fetch-binding": "fetch-binding-supported",
};

/** The same, if the thing that the request names never was. */
const JUDGED_BY_OF_NOTHING: Readonly<Partial<Record<Operation, string>>> = {
  deprovision: "deprovision-410-unknown",
  unbind: "unbind-410-unknown",
  "fetch-instance": "fetch-instance-404-unknown",
  "fetch-binding": "fetch-binding-404-unknown",
  "poll-instance": "lastop-instance-404-unknown",
  "poll-binding": "lastop-binding-404-unknown",
};

/** How many requests of a check are shown, at most, before the unanswered one. */
const SENT_BEFORE_MAX = 5;

/** What may take a broker longer than any client waits, if it answers only when the work is done. */
const WORKING: readonly Operation[] = ["provision", "update", "deprovision", "bind", "unbind"];

/**
 * The outcome of a check that met a request without an answer, sent twice, at a broker that answers others. The specification says for each
 * operation which statuses must be returned, and none is not among them: a broken connection is a violation, and so is silence where there is
 * nothing to do. It names no time in which a synchronous broker has to be done, so silence where there is work leaves it open. Undefined if the
 * check itself may say why it got no answer.
 *
 * @throws NoAnswer if the broker answers nothing else either
 */
export async function judgeUnanswered(
  checkId: string,
  context: OsbContext,
  error: NoAnswer,
): Promise<Outcome | undefined> {
  const { fault, about, exchange } = error;
  if (about === undefined || (fault !== "reset" && fault !== "timeout") || about.intent === "race") return undefined;
  const { operation } = about;
  const judgedBy = (about.isOfNothing ? JUDGED_BY_OF_NOTHING : JUDGED_BY)[operation] ?? JUDGED_BY[operation];
  if (judgedBy === undefined || context.platform.memory.lifeline.isLost) return undefined;
  const evidence = [...context.platform.sent.slice(-SENT_BEFORE_MAX), exchange];
  await context.platform.send("catalog");
  const seen = silenceOf(error);
  const what = about.isOfNothing ? `${METHOD[operation]} of what does not exist` : METHOD[operation];
  if (checkId !== judgedBy) return followsFrom(judgedBy, `${operation} gets ${seen}`, ...evidence);
  const isWork = WORKING.includes(operation) && !about.isOfNothing && fault === "timeout";
  return isWork
    ? unknown(
        `an ordinary ${operation} gets no answer: ${error.message}; no rule says how long it may take`,
        ...evidence,
      )
    : fail(`${what} to be answered`, seen, ...evidence);
}
