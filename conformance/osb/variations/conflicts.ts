import type { JsonObject } from "../../client/http/json.ts";
import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { isSuccess, planIds } from "../../client/request.ts";
import { notApplicable, type Outcome, pass } from "../../runner/check.ts";
import { otherPlan } from "../changes.ts";
import type { OsbContext } from "../context.ts";
import { expectStatus } from "../judge.ts";
import { provisionBodyFor } from "../request-bodies.ts";
import { acceptedParameters } from "./accepted.ts";
import { variedParameters, withInvented } from "./parameters.ts";
import type { Tried } from "./tried.ts";

/** A PUT under a used id that asks for something other than the one that created it. */
export interface Conflict {
  readonly words: string;
  readonly body: JsonObject;
}

/** PUTs for an instance with other attributes: other parameters, another plan, a plan of another offering. */
export function planConflicts(context: OsbContext, offer: Offer): readonly Conflict[] {
  const { run } = context;
  const foreign = run.offers.find(({ service }) => service.id !== offer.service.id);
  const others = [
    ["another plan", otherPlan(offer)],
    ["another offering", foreign],
  ] as const;
  return others.flatMap(([words, other]) =>
    other === undefined ? [] : [{ words, body: { ...provisionBodyFor(run, other), ...planIds(other) } }],
  );
}

/**
 * Judges a PUT with other parameters under a used id. A refusal other than 409 may be about the parameters: then it is sent again with some that
 * the broker has accepted on something new.
 */
export async function judgeOtherParameters(
  context: OsbContext,
  offer: Offer,
  use: "create" | "bind",
  put: (parameters: JsonObject) => Promise<Answer>,
): Promise<Tried> {
  const words = "other parameters";
  const [likeliest = withInvented(undefined, "other")] = variedParameters(context.run, offer, use);
  const answer = await put(likeliest);
  if (answer.status === 409 || isSuccess(answer) || answer.status >= 500)
    return { words, outcome: expectStatus(answer, [409]) };
  const accepted = await acceptedParameters(context.shared, offer, use);
  if (accepted === undefined) {
    const reason = `no parameters other than the ordinary ones are accepted, so none can conflict (${answer.status})`;
    return { words, outcome: notApplicable(reason, answer) };
  }
  const again = await put(accepted.parameters);
  const outcome = expectStatus(again, [409]);
  return { words, outcome: outcome.verdict === "pass" ? pass(again) : withControl(outcome, accepted.answer) };
}

/** The accusation shows that the same parameters were accepted before. */
function withControl(outcome: Outcome, control: Answer): Outcome {
  return { ...outcome, evidence: [control, ...(outcome.evidence ?? [])] };
}
