import { isObject, type Json } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer, Operation } from "../../client/answer.ts";
import { fail, notApplicable, type Outcome, pass } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, review } from "../define.ts";
import { seenOf } from "../judge.ts";
import { isAny, isCreation, isDeletion, isSameThing, type Judge, judgeEvery } from "../judging/every-answer.ts";
import { isSuccess } from "../../client/request.ts";

/** That something is gone is what who deletes it wants to hear. */
const isGood = ({ operation, status }: Answer): boolean =>
  status === 410 && ["poll-instance", "poll-binding", "deprovision", "unbind"].includes(operation);

const isError = (answer: Answer): boolean => answer.status >= 400 && !isGood(answer);

const hasErrorMember = (member: string) => (answer: Answer) => isError(answer) && bodyOf(answer)[member] !== undefined;

const judgeMember =
  (name: string, isRight: (value: Json | undefined) => boolean): Judge =>
  (answer) => {
    const value = bodyOf(answer)[name];
    return isRight(value) ? undefined : `${name} ${JSON.stringify(value)?.slice(0, 60)}`;
  };

const isFilled = (value: Json | undefined): boolean => typeof value === "string" && value !== "";

const allowOn =
  (...operations: readonly Operation[]): Judge =>
  (answer) =>
    operations.includes(answer.operation) ? undefined : `it comes with ${seenOf(answer)}`;

/** A bad request is the client's mistake, and a failure is not a success with an error in it. */
const findWrongStatus: Judge = (answer) => {
  if (answer.intent === "bad" && answer.status >= 500) return String(answer.status);
  const error = isSuccess(answer) ? bodyOf(answer)["error"] : undefined;
  return typeof error === "string" ? `${answer.status} with error ${error}` : undefined;
};

/** The deletions that followed refused creations: they must find nothing. */
function judgeRefusedCreations({ run }: OsbContext): Outcome {
  const refusals = run.answers.filter(
    (answer) => isCreation(answer) && answer.status >= 400 && answer.status < 500 && answer.status !== 409,
  );
  const pairs = refusals.flatMap((refusal) => {
    const isClean = !run.answers.some(
      (other) => other !== refusal && isCreation(other) && isSameThing(other, refusal) && isSuccess(other),
    );
    const deletion = run.answers.find(
      (other) => other.intent === "cleanup" && isDeletion(other) && isSameThing(other, refusal),
    );
    return isClean && deletion !== undefined ? [{ refusal, deletion }] : [];
  });
  if (pairs.length === 0) return notApplicable("no refused creation was followed by a deletion");
  const ofNothing = run.answers.find((answer) => isDeletionOfNothing(answer, run.answers));
  if (ofNothing !== undefined && isSuccess(ofNothing))
    return notApplicable("deletions of what never was are answered with success too", ofNothing);
  const wrong = pairs.find(({ deletion }) => isSuccess(deletion));
  if (wrong === undefined) return pass(...pairs.slice(0, 2).flatMap(({ refusal, deletion }) => [refusal, deletion]));
  return fail(
    "a refused request to create nothing",
    `the clean-up found something (${wrong.deletion.status})`,
    wrong.refusal,
    wrong.deletion,
  );
}

/** The deletion of something that nobody asked for. */
const isDeletionOfNothing = (answer: Answer, answers: readonly Answer[]): boolean =>
  isDeletion(answer) && !answers.some((other) => isCreation(other) && isSameThing(other, answer));

/** Checks of spec.md, "Service Broker Errors". */
export const serviceBrokerErrorsChecks: readonly OsbCheck[] = [
  review({
    id: "error-appropriate-status",
    title: "Failures come with a fitting status",
    requirement: "A bad request is answered 4xx, never 5xx, and no success carries an error.",
    run: judgeEvery("a 4xx for a bad request, and no success with an error", isAny, findWrongStatus, "no answers"),
  }),
  review({
    id: "error-code-nonempty",
    title: "An error code is a string that is not empty",
    requirement: "`error` in the body of an error, when present, is a string that is not empty.",
    run: judgeEvery(
      "error to be a string that is not empty",
      hasErrorMember("error"),
      judgeMember("error", isFilled),
      "no error has a code",
    ),
  }),
  review({
    id: "error-code-single-word",
    title: "An error code is a single word",
    requirement: "`error` in the body of an error is one camel-cased word.",
    run: judgeEvery(
      "error to be one word",
      (answer) => hasErrorMember("error")(answer) && isFilled(bodyOf(answer)["error"]),
      judgeMember("error", (value) => typeof value === "string" && /^[A-Za-z][A-Za-z0-9]*$/.test(value)),
      "no error has a code",
    ),
  }),
  review({
    id: "error-description-nonempty",
    title: "An error's description is a string that is not empty",
    requirement: "`description` in the body of an error, when present, is a string that is not empty.",
    run: judgeEvery(
      "description to be a string that is not empty",
      hasErrorMember("description"),
      judgeMember("description", isFilled),
      "no error has a description",
    ),
  }),
  review({
    id: "error-instance-usable-type",
    title: "instance_usable of an error is a boolean",
    requirement: "instance_usable in the body of an error, when present, is a boolean.",
    run: judgeEvery(
      "a boolean",
      hasErrorMember("instance_usable"),
      judgeMember("instance_usable", (value) => typeof value === "boolean"),
      "no error has instance_usable",
    ),
  }),
  review({
    id: "error-instance-usable-scope",
    title: "instance_usable comes with failures of update and deprovision only",
    requirement: "instance_usable appears only in failures of an update or a deprovision.",
    clauses: ["error-instance-usable-scope", "deprovision-failed-instance-usable"],
    run: judgeEvery(
      "instance_usable for update and deprovision only",
      hasErrorMember("instance_usable"),
      allowOn("update", "deprovision", "poll-instance"),
      "no error has instance_usable",
    ),
  }),
  review({
    id: "error-update-repeatable-type",
    title: "update_repeatable of an error is a boolean",
    requirement: "update_repeatable in the body of an error, when present, is a boolean.",
    run: judgeEvery(
      "a boolean",
      hasErrorMember("update_repeatable"),
      judgeMember("update_repeatable", (value) => typeof value === "boolean"),
      "no error has update_repeatable",
    ),
  }),
  review({
    id: "error-update-repeatable-scope",
    title: "update_repeatable comes with failures of update only",
    requirement: "update_repeatable appears only in failures of an update.",
    run: judgeEvery(
      "update_repeatable for update only",
      hasErrorMember("update_repeatable"),
      allowOn("update", "poll-instance"),
      "no error has update_repeatable",
    ),
  }),
  review({
    id: "error-legacy-json-object-bodies",
    title: "Every body is a JSON object (up to 2.13)",
    requirement: "Up to version 2.13 the body of every answer, success or error, is a JSON object.",
    run: judgeEvery(
      "a JSON object",
      ({ status }) => status !== 304,
      (answer) => (isObject(answer.json) ? undefined : (answer.problem ?? "another kind of JSON")),
      "no answers",
    ),
  }),
  review({
    id: "error-4xx-no-change",
    title: "A refused creation creates nothing",
    requirement:
      "A 4xx leaves the broker's resources unchanged: the deletion that follows a refused creation finds nothing.",
    run: judgeRefusedCreations,
  }),
];
