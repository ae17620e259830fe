import type { JsonObject } from "../../../client/http/json.ts";
import type { Answer } from "../../../client/answer.ts";
import { isSuccess } from "../../../client/request.ts";
import { notApplicable, type Outcome, worstOf } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { expectStatusOrBusy } from "../../judge.ts";
import { acceptedParameters, withParameters } from "../../variations/accepted.ts";
import { type Flight, judgeMeanwhile } from "./flight.ts";

/** The names of conflicting requests among what is asked meanwhile. */
const isConflict = (name: string): boolean => name.startsWith("conflict");

/** An answer from which nothing else can be learnt: the conflict was seen, or overlooked, or the broker broke. */
const isTelling = (answer: Answer): boolean => answer.status === 409 || isSuccess(answer) || answer.status >= 500;

/** Asks for what conflicts in each of several ways, until an answer tells something. */
export async function askConflicts(
  bodies: readonly JsonObject[],
  put: (body: JsonObject) => Promise<Answer>,
): Promise<Record<string, Answer>> {
  const asked: Record<string, Answer> = {};
  for (const [at, body] of bodies.entries()) {
    const answer = await put(body);
    asked[`conflict ${at + 1}`] = answer;
    if (isTelling(answer)) break;
  }
  return asked;
}

/**
 * Judges the conflicting requests of a flight. A refusal other than 409 may be about the parameters, unless the broker accepts the very
 * same on something new.
 */
export async function judgeConflicts(context: OsbContext, flight: Flight, use: "create" | "bind"): Promise<Outcome> {
  const names = Object.keys(flight.meanwhile).filter(isConflict);
  if (names.length === 0) return judgeMeanwhile(flight, "conflict", (answer) => expectStatusOrBusy(answer, [409]));
  const outcomes: Outcome[] = [];
  for (const name of names) {
    const answer = flight.meanwhile[name];
    const isClear = answer !== undefined && (isTelling(answer) || answer.status === 422);
    const isFair = isClear || (answer !== undefined && (await isAcceptable(context, flight, use, answer)));
    outcomes.push(
      isFair
        ? judgeMeanwhile(flight, name, (seen) => expectStatusOrBusy(seen, [409]))
        : notApplicable(
            `parameters other than the ordinary ones may be refused (${answer?.status})`,
            ...[answer ?? []].flat(),
          ),
    );
  }
  return worstOf(outcomes);
}

/** Whether what an answer refused would have been accepted on something new. */
async function isAcceptable({ shared }: OsbContext, { offer }: Flight, use: "create" | "bind", answer: Answer) {
  if (answer.sent["plan_id"] !== offer.plan.id) return true;
  const accepted = await acceptedParameters(shared, offer, use);
  return accepted !== undefined && withParameters(answer, accepted.parameters);
}
