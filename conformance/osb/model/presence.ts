import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { answerOrSilence } from "../../client/no-answer.ts";
import { isSuccess } from "../../client/request.ts";
import { type Outcome, unknown } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { deletionOfDeleted, deletionOfUnknown, type ThingKind } from "./deletions.ts";
import { type Fact, followsFromFact } from "./fact.ts";
import { fetchTellsTruth, isFetchOffered } from "./fetches.ts";
import { lifecycleOf } from "../sequences/lifecycles.ts";
import { obstacleTo } from "./stages.ts";

/** An instance, or a binding of one, that may or may not exist. */
export interface Thing {
  readonly offer: Offer;
  readonly instanceId: string;
  /** Empty for the instance itself. */
  readonly bindingId: string;
}

/** Whether something exists, with what shows it; `untold` with the outcome for a check that depends on it. */
export type Presence =
  | { readonly is: "there" | "absent"; readonly evidence: readonly Answer[] }
  | { readonly is: "untold"; readonly outcome: Outcome };

/**
 * What an absence would mean: the thing was `never` created, or was `deleted`. A broker may answer DELETE differently in the two cases, so each has
 * its own control.
 */
type Absence = "never" | "deleted";

const kindOf = ({ bindingId }: Thing): ThingKind => (bindingId === "" ? "instance" : "binding");

/** Looks with a GET, if that is offered and tells the truth; changes nothing. */
async function fetchPresence(context: OsbContext, thing: Thing): Promise<Presence | undefined> {
  const kind = kindOf(thing);
  if (!isFetchOffered(context.minor, kind, thing.offer)) return undefined;
  const truth = await fetchTellsTruth(context.shared, kind, thing.offer);
  if (truth.value !== true) return undefined;
  const { instanceId, bindingId } = thing;
  const answer = await context.platform.send(`fetch-${kind}`, { instanceId, bindingId });
  if (isSuccess(answer)) return { is: "there", evidence: [answer] };
  const isAbsence = [404, 410].includes(answer.status) || truth.evidence.some(({ status }) => status === answer.status);
  return isAbsence ? { is: "absent", evidence: [answer] } : undefined;
}

const controlFor = (context: OsbContext, thing: Thing, absence: Absence): Promise<Fact<"refused" | "accepted">> =>
  (absence === "never" ? deletionOfUnknown : deletionOfDeleted)(context.shared, kindOf(thing), thing.offer);

/** Looks with a DELETE: accepted if the thing existed, refused if not. It is gone afterwards. */
async function deletePresence(context: OsbContext, thing: Thing, absence: Absence): Promise<Presence> {
  const { platform } = context;
  const { offer, instanceId, bindingId } = thing;
  const control = await controlFor(context, thing, absence);
  const what = absence === "never" ? "never was" : "was deleted before";
  if (control.value === undefined) {
    const lifecycle = await lifecycleOf(context.shared, offer);
    const obstacle = obstacleTo(lifecycle, bindingId === "" ? "deprovision" : "unbind");
    const reason = `how it answers the deletion of what ${what} could not be found out`;
    return { is: "untold", outcome: obstacle ?? unknown(reason) };
  }
  if (control.value === "accepted") {
    const reason = `the deletion of what ${what} looks like success, so a deletion shows nothing`;
    return { is: "untold", outcome: followsFromFact(control, reason) };
  }
  const answer =
    bindingId === ""
      ? await platform.deprovision(offer, instanceId)
      : await platform.unbind(offer, instanceId, bindingId);
  await platform.settle(offer, answer);
  if (isSuccess(answer)) return { is: "there", evidence: [answer] };
  const isAbsence = [404, 410].includes(answer.status) || control.evidence.at(-1)?.status === answer.status;
  if (isAbsence) return { is: "absent", evidence: [...control.evidence, answer] };
  return { is: "untold", outcome: unknown(`the deletion that would show it is answered ${answer.status}`, answer) };
}

/**
 * Whether something exists. Only a GET that is offered and tells the truth shows it, or a DELETE at a broker that tells existing things from
 * others. The look may delete what it looks for.
 *
 * @throws NoAnswer
 */
export async function lookFor(context: OsbContext, thing: Thing, absence: Absence): Promise<Presence> {
  return (await fetchPresence(context, thing)) ?? deletePresence(context, thing, absence);
}

/**
 * Learns beforehand what `lookFor` needs to know about the broker, so that nothing is held meanwhile. What got no answer ends whoever looks, and
 * nobody else.
 */
export async function learnToLook({ shared }: OsbContext, kind: ThingKind, offer: Offer): Promise<void> {
  await answerOrSilence(deletionOfDeleted(shared, kind, offer));
}
