import type { Json } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer, Operation } from "../../client/answer.ts";
import {
  fail,
  followsFrom,
  notApplicable,
  type Outcome,
  pass,
  unknown,
  Verdicted,
  worstOf,
} from "../../runner/check.ts";
import type { Offer } from "../../client/catalog.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, review } from "../define.ts";
import { seenOf } from "../judge.ts";
import { type Judge, judgeEvery } from "../judging/every-answer.ts";
import { judgeLegacyBodies } from "../judging/legacy-bodies.ts";
import { isSuccess } from "../../client/request.ts";
import type { ThingKind } from "../model/deletions.ts";
import { describeRefusal, kindOfRefusal } from "../model/refusals.ts";
import { obstacleTo } from "../model/stages.ts";
import { ANY, BINDABLE } from "../plan-requirements.ts";
import { lifecycleUpTo } from "../sequences/lifecycles.ts";
import { oddPolls } from "../sequences/odd-polls.ts";
import { refusalsOfAll, type Refusals, type RefusedRequest, refusedRequests } from "../sequences/refused-requests.ts";
import { silenceOf } from "../variations/silence.ts";
import { standardAnswers } from "../sequences/standard-answers.ts";
import { acceptedUpdate } from "../sequences/updates.ts";
import { acceptedOffer } from "../sequences/working-plans.ts";

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

/** A failure is not a success with an error in it. */
function findErrorInSuccess(answer: Answer): string | undefined {
  const error = isSuccess(answer) ? bodyOf(answer)["error"] : undefined;
  return typeof error === "string" ? `${answer.status} with error ${error} (${answer.operation})` : undefined;
}

/**
 * A client's mistake is answered 4xx. If a clause names the status for the mistake, a 5xx is the finding of that clause's check; otherwise it is
 * the finding of this one, even where a MAY allows 400.
 */
async function judgeStatuses(context: OsbContext): Promise<Outcome> {
  const answers = await standardAnswers(context);
  const wrong = answers.find((answer) => findErrorInSuccess(answer) !== undefined);
  if (wrong !== undefined) return fail("no success with an error", findErrorInSuccess(wrong) ?? "", wrong);
  const unanswered = await orNone(async () => (await refusalsOfAll(context)).unanswered);
  const broken = (await allMistakes(context)).filter(({ answer }) => answer.status >= 500);
  const full = broken.find(({ answer }) => kindOfRefusal(answer) === "full");
  if (full !== undefined) return unknown(`${full.what} is answered ${describeRefusal(full.answer)}`, full.answer);
  const own = broken.find(({ judgedBy }) => judgedBy === undefined);
  if (own !== undefined)
    return unlessBrokenAnyway(context, own.answer, fail(`a 4xx for ${own.what}`, seenOf(own.answer), own.answer));
  const [first] = broken;
  if (first?.judgedBy !== undefined)
    return followsFrom(first.judgedBy, `${first.what} is answered ${seenOf(first.answer)}`, first.answer);
  return judgeUnanswered(unanswered) ?? pass(...answers.slice(0, 3));
}

/** A request without an answer has no status at all. */
function judgeUnanswered([first]: Refusals["unanswered"]): Outcome | undefined {
  if (first === undefined) return undefined;
  const { what, judgedBy, silence } = first;
  return judgedBy === undefined
    ? fail(`a 4xx for ${what}`, silenceOf(silence), silence.exchange)
    : followsFrom(judgedBy, `${what} gets ${silenceOf(silence)}`, silence.exchange);
}

type Mistake = Pick<RefusedRequest, "what" | "judgedBy" | "answer">;

/** Every mistaken request of the standard stories. */
async function allMistakes(context: OsbContext): Promise<readonly Mistake[]> {
  const refused = await orNone(async () => refusedRequests(context));
  const polls = (kind: ThingKind) =>
    orNone(async () => {
      const { invented, first, last } = await oddPolls(context, kind);
      const isServed = first.status === 200 && last.status === 200;
      return isServed ? [{ what: "a poll with an unknown operation", judgedBy: undefined, answer: invented }] : [];
    });
  return [...refused, ...(await polls("instance")), ...(await polls("binding"))];
}

async function orNone<T>(play: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await play();
  } catch (error) {
    if (error instanceof Verdicted) return [];
    throw error;
  }
}

/** A 5xx to a mistake says nothing if the ordinary request is not accepted either. */
async function unlessBrokenAnyway(context: OsbContext, answer: Answer, outcome: Outcome): Promise<Outcome> {
  const { operation } = answer;
  const requirement = context.run.offers.some(BINDABLE.fits) ? BINDABLE : ANY;
  if (operation === "update") {
    const { plan } = await acceptedOffer(context, requirement);
    const ofPlan = { unmet: "its updates are refused", fits: (each: Offer) => each.plan.id === plan.id };
    const accepted = await orNone(async () => [await acceptedUpdate(context, ofPlan)]);
    return accepted.length > 0 ? outcome : notApplicable("an ordinary update of this plan is not accepted", answer);
  }
  if (operation !== "provision" && operation !== "bind") return outcome;
  const offer = context.offer(requirement);
  return obstacleTo(await lifecycleUpTo(context.shared, operation, offer), operation) ?? outcome;
}

/** What a refused creation asked for does not exist. Looked for by GET or by DELETE, whichever the broker answers reliably. */
async function judgeRefusedCreations(context: OsbContext): Promise<Outcome> {
  const creations = (await refusedRequests(context)).filter(({ presence }) => presence !== undefined);
  const outcomes = creations.map(({ what, answer, presence }): Outcome => {
    if (presence === undefined) return notApplicable("it was not refused", answer);
    if (presence.is === "untold") return presence.outcome;
    return presence.is === "absent"
      ? pass(answer, ...presence.evidence)
      : fail(
          "a refused request to create nothing",
          `${what} was refused, and it is there`,
          answer,
          ...presence.evidence,
        );
  });
  return outcomes.length === 0 ? notApplicable("no creation was refused with a 4xx") : worstOf(outcomes);
}

/** Checks of spec.md, "Service Broker Errors". */
export const serviceBrokerErrorsChecks: readonly OsbCheck[] = [
  review({
    id: "error-appropriate-status",
    title: "Failures come with a fitting status",
    requirement: "A bad request is answered 4xx, never 5xx, and no success carries an error.",
    run: judgeStatuses,
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
    requirement:
      "`error` in the body of an error is described as one camel-cased word; all that it must be is not empty.",
    level: "SHOULD",
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
    run: judgeLegacyBodies,
  }),
  review({
    id: "error-4xx-no-change",
    title: "A refused creation creates nothing",
    requirement:
      "A 4xx leaves the broker's resources unchanged: the deletion that follows a refused creation finds nothing.",
    run: judgeRefusedCreations,
  }),
];
