import type { Answer } from "../../client/answer.ts";
import { fail, notApplicable, type Outcome, pass } from "../../runner/check.ts";
import { areUpdatesOffered } from "../changes.ts";
import type { OsbContext } from "../context.ts";

/** Rules about every answer of the run, whatever it answered. */
export type Judge = (answer: Answer, context: OsbContext) => string | undefined;

/**
 * An answer of the server that a broker stands in, which knows no such route: an update where none is offered, or an id with a
 * character that the server does not let through. The specification says nothing of these.
 */
export function isUnrouted({ operation, status, instanceId }: Answer, { run }: OsbContext): boolean {
  if (operation === "update" && [404, 405, 501].includes(status)) return !areUpdatesOffered(run);
  return status >= 400 && status < 500 && encodeURIComponent(instanceId) !== instanceId;
}

/** Fails with the first answers that `problem` finds something wrong with, among those that `applies` to. */
export function judgeEvery(expected: string, applies: (answer: Answer) => boolean, problem: Judge, absence: string) {
  return (context: OsbContext): Outcome => {
    const answers = context.run.answers.filter((answer) => applies(answer) && !isUnrouted(answer, context));
    if (answers.length === 0) return notApplicable(absence);
    const wrong = answers
      .map((answer) => ({ answer, seen: problem(answer, context) }))
      .filter(({ seen }) => seen !== undefined);
    const [first] = wrong;
    if (first === undefined) return pass(...answers.slice(0, 3));
    return fail(
      expected,
      `${first.seen} (${first.answer.operation})`,
      ...wrong.slice(0, 3).map(({ answer }) => answer),
    );
  };
}

/** A provision or a bind. */
export const isCreation = ({ operation }: Answer): boolean => operation === "provision" || operation === "bind";

/** A deprovision or an unbind. */
export const isDeletion = ({ operation }: Answer): boolean => operation === "deprovision" || operation === "unbind";

/** Whether two answers are about the same instance or binding. */
export const isSameThing = (a: Answer, b: Answer): boolean =>
  a.instanceId === b.instanceId && a.bindingId === b.bindingId;

/** Every answer. */
export const isAny = () => true;
