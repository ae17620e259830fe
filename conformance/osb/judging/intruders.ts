import type { Answer, Operation } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { isObject } from "../../client/http/json.ts";
import { deletionQuery, isSuccess, planIds } from "../../client/request.ts";
import { basicHeader } from "../../client/target.ts";
import { fail, followsFrom, notApplicable, type Outcome, pass, worstOf } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { seenOf } from "../judge.ts";
import { obstacleTo } from "../model/stages.ts";
import { ANY, BINDABLE } from "../plan-requirements.ts";
import { lifecycleUpTo } from "../sequences/lifecycles.ts";

const ENDPOINTS: readonly Operation[] = [
  "catalog",
  "poll-instance",
  "poll-binding",
  "fetch-instance",
  "fetch-binding",
  "provision",
  "update",
  "bind",
  "unbind",
  "deprovision",
];

/** An instance and, if the plan has bindings, a binding that the requests are about: refusing an unknown id proves nothing. */
interface ProtectedResource {
  readonly offer: Offer;
  readonly instanceId: string;
  readonly bindingId: string;
  /** Why neither exists. */
  readonly obstacle: Outcome | undefined;
}

type Headers = Readonly<Record<string, string | null>>;

/** The query of a deletion as this version has it. */
function deletionQueryFor({ minor }: OsbContext, operation: Operation, offer: Offer): Record<string, string> {
  return operation === "deprovision" || minor >= 14 ? deletionQuery(offer) : planIds(offer);
}

/** A request to an endpoint, valid except for these headers. Creations are of something new. */
function sendWithHeaders(
  context: OsbContext,
  operation: Operation,
  place: ProtectedResource,
  headers: Headers,
): Promise<Answer> {
  const { platform } = context;
  const { offer, instanceId, bindingId } = place;
  const options = { headers, intent: "bad" } as const;
  const live = { offer, id: instanceId };
  if (operation === "provision") return context.provision(offer, platform.newId(), options);
  if (operation === "bind") return context.bind(live, platform.newId(), options);
  if (operation === "update") return context.update(live, { service_id: offer.service.id }, options);
  const isDeletion = operation === "deprovision" || operation === "unbind";
  const query = isDeletion ? { query: deletionQueryFor(context, operation, offer) } : {};
  return platform.send(operation, { ...options, ...query, instanceId, bindingId });
}

/** Endpoints that a broker need not have. */
const OPTIONAL_ENDPOINTS: readonly Operation[] = [
  "poll-instance",
  "poll-binding",
  "fetch-instance",
  "fetch-binding",
  "update",
];

/** What is sent instead of the right credentials, and the check whose finding it is. */
interface Intruder {
  readonly judgedBy: "auth-enforced-every-endpoint" | "auth-401-wrong-password" | "auth-401-wrong-user";
  readonly authorization: string | null;
}

/** No credentials. */
export const nobody: Intruder = { judgedBy: "auth-enforced-every-endpoint", authorization: null };

/** The right user with a wrong password; undefined if another mechanism is in use. */
export const withWrongPassword = (context: OsbContext): Intruder | undefined => {
  const { auth } = context.platform.settings.target;
  if (auth.kind !== "basic") return undefined;
  return { judgedBy: "auth-401-wrong-password", authorization: basicHeader(auth.username, "drydock-wrong") };
};

/**
 * Whether a request is admitted: what an earlier one has deleted is gone for it, as it is for one with the right credentials. One that fails (5xx)
 * was not turned away.
 */
async function isLetIn(answer: Answer, askProperly: () => Promise<Answer>): Promise<boolean> {
  if (answer.status >= 500) return true;
  if (isSuccess(answer) || !["unbind", "deprovision"].includes(answer.operation)) return isSuccess(answer);
  return answer.status !== 401 && answer.status === (await askProperly()).status;
}

/** 401 from each endpoint. One that serves nobody at all guards nothing. */
async function expect401(
  context: OsbContext,
  operation: Operation,
  place: ProtectedResource,
  intruder: Intruder,
): Promise<Outcome> {
  const send = (headers: Headers) => sendWithHeaders(context, operation, place, headers);
  const answer = await send({ Authorization: intruder.authorization });
  if (answer.status === 401) return pass(answer);
  if (OPTIONAL_ENDPOINTS.includes(operation) && (answer.status >= 400 || !isObject(answer.json))) {
    const proper = await send({});
    if (proper.status === answer.status) return notApplicable(`${operation} is not served`, answer, proper);
  }
  if (place.obstacle !== undefined && !isSuccess(answer)) return place.obstacle;
  const outcome = fail(`401 from ${operation}`, seenOf(answer), answer);
  // An endpoint that admits everybody is one fault, and a wrong status for all that are turned away is another.
  const other = isSuccess(answer) ? nobody : withWrongPassword(context);
  if (other === undefined || other.judgedBy === intruder.judgedBy) return outcome;
  const same = await send({ Authorization: other.authorization });
  const isSame = isSuccess(answer) ? await isLetIn(same, () => send({})) : same.status === answer.status;
  return isSame
    ? followsFrom(other.judgedBy, `${operation} is answered ${seenOf(same)} there too`, answer, same)
    : outcome;
}

/** What the requests are about; if no instance can be had they are about none, and then that may be the reason for a 4xx. */
async function protectedPlace(context: OsbContext): Promise<ProtectedResource> {
  const { platform } = context;
  const offer = context.offer(context.run.offers.some(BINDABLE.fits) ? BINDABLE : ANY);
  const stage = BINDABLE.fits(offer) ? "bind" : "provision";
  const obstacle = obstacleTo(await lifecycleUpTo(context.shared, stage, offer), stage);
  if (obstacle !== undefined) return { offer, instanceId: platform.newId(), bindingId: platform.newId(), obstacle };
  const live = await context.freshOf(offer);
  const bindingId = stage === "bind" ? (await context.bindTo(live)).id : platform.newId();
  return { offer, instanceId: live.id, bindingId, obstacle: undefined };
}

/** 401 from every endpoint that the broker serves. */
export async function expect401Everywhere(context: OsbContext, intruder: Intruder): Promise<Outcome> {
  const place = await protectedPlace(context);
  const isBindable = BINDABLE.fits(place.offer);
  const outcomes: Outcome[] = [];
  for (const operation of ENDPOINTS) {
    const isAboutBindings = operation.endsWith("bind") || operation.endsWith("binding");
    if (isBindable || !isAboutBindings) outcomes.push(await expect401(context, operation, place, intruder));
  }
  return worstOf(outcomes);
}
