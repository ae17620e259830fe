import type { Answer, Operation } from "../../client/answer.ts";
import { type Offer, schemaOf } from "../../client/catalog.ts";
import type { Json, JsonObject } from "../../client/http/json.ts";
import type { NoAnswer } from "../../client/no-answer.ts";
import { planIds } from "../../client/request.ts";
import { minimalFor, violationOf } from "../../client/schema.ts";
import { Verdicted } from "../../runner/check.ts";
import { areUpdatesOffered } from "../changes.ts";
import type { OsbContext } from "../context.ts";
import { isFetchOffered } from "../model/fetches.ts";
import { lookFor, type Presence } from "../model/presence.ts";
import { ANY, BINDABLE } from "../plan-requirements.ts";
import type { LiveInstance } from "../shared-instances.ts";
import { acceptedOffer } from "./working-plans.ts";
import { plansToTry } from "../variations/plans.ts";
import { isUnanswered } from "../variations/silence.ts";

/** A request with one planted defect, and its result. */
export interface RefusedRequest {
  readonly what: string;
  /** The check that judges its status; undefined if the specification names none for the defect. */
  readonly judgedBy: string | undefined;
  readonly answer: Answer;
  /** Of a creation that was answered 4xx: whether it exists nonetheless. */
  readonly presence?: Presence;
  /** The deletion that follows a refused creation. */
  readonly deletion?: Answer;
}

/** A request with one planted defect that the broker received and never answered. */
interface UnansweredRequest extends Pick<RefusedRequest, "what" | "judgedBy"> {
  readonly silence: NoAnswer;
}

/** The results of the requests with one defect each. */
export interface Refusals {
  readonly answered: readonly RefusedRequest[];
  /** At most one: after it no other unreadable body is sent, as the wait for the next would be as long. */
  readonly unanswered: readonly UnansweredRequest[];
}

/** A body with one planted defect. */
interface Defect {
  readonly what: string;
  readonly judgedBy?: string;
  readonly body?: Json;
  readonly text?: string;
}

const bad = { intent: "bad" } as const;

function without(body: JsonObject, member: string): JsonObject {
  const { [member]: _, ...rest } = body;
  return rest;
}

/** Parameters that the published schema refuses, if it refuses any. */
function unfitting(offer: Offer, use: "create" | "bind"): JsonObject | undefined {
  const schema = schemaOf(offer, use);
  return schema === undefined ? undefined : violationOf(schema, minimalFor(schema) ?? {});
}

const MALFORMED = { provision: "provision-malformed-body-400", bind: "bind-malformed-400" } as const;

/** The defects of a creation. A MAY or a SHOULD does not settle how a mistake is answered, so no check judges the status. */
function creationDefects(operation: "provision" | "bind", body: JsonObject, parameters: JsonObject | undefined) {
  const defects: Defect[] = [
    { what: "no service_id", judgedBy: `${operation}-missing-service-id-400`, body: without(body, "service_id") },
    { what: "no plan_id", judgedBy: `${operation}-missing-plan-id-400`, body: without(body, "plan_id") },
    { what: "a body that is not JSON", judgedBy: MALFORMED[operation], text: '{"service_id": "x' },
    { what: "an unknown plan", body: { ...body, plan_id: "drydock-no-such-plan" } },
  ];
  if (parameters !== undefined) defects.push({ what: "unfitting parameters", body: { ...body, parameters } });
  return defects;
}

function provisionDefects(context: OsbContext, offer: Offer): readonly Defect[] {
  const body = context.provisionBody(offer);
  const guids = ["org", "space"].map((name) => ({
    what: `no guid of the ${name}`,
    judgedBy: `provision-missing-${name}-guid`,
    body: without(body, name === "org" ? "organization_guid" : "space_guid"),
  }));
  return [...creationDefects("provision", body, unfitting(offer, "create")), ...guids];
}

const sendable = ({ body, text }: Defect) => (text === undefined ? { body: body ?? {} } : { text });

/** Whether a refused creation was carried out nonetheless, and the clean-up of a platform that gives it up. */
async function lookAfter(
  own: OsbContext,
  offer: Offer,
  answer: Answer,
): Promise<Pick<RefusedRequest, "presence" | "deletion">> {
  if (answer.status < 400 || answer.status >= 500) return {};
  const { instanceId, bindingId } = answer;
  const presence = await lookFor(own, { offer, instanceId, bindingId }, "never");
  const { platform } = own;
  const deletion =
    bindingId === ""
      ? await platform.deprovision(offer, instanceId)
      : await platform.unbind(offer, instanceId, bindingId);
  await platform.settle(offer, deletion);
  return { presence, deletion };
}

/** The requests of this story, and their results so far. */
class Refused {
  readonly own: OsbContext;
  readonly answered: RefusedRequest[] = [];
  readonly unanswered: UnansweredRequest[] = [];
  constructor(own: OsbContext) {
    this.own = own;
  }

  /** Sends one; undefined if it gets no answer, or if one like it got none. */
  async ask(
    operation: Operation,
    { what, judgedBy, text }: Defect,
    send: () => Promise<Answer>,
  ): Promise<Answer | undefined> {
    if (text !== undefined && this.unanswered.length > 0) return undefined;
    try {
      return await send();
    } catch (error) {
      if (!isUnanswered(error, operation)) throw error;
      this.unanswered.push({ what, judgedBy, silence: error });
      return undefined;
    }
  }
}

async function refuseCreations(refused: Refused, offer: Offer, live: LiveInstance | undefined): Promise<void> {
  const { own } = refused;
  const take = async (operation: "provision" | "bind", defect: Defect, send: () => Promise<Answer>) => {
    const named = { ...defect, what: `a ${operation} with ${defect.what}` };
    const answer = await refused.ask(operation, named, send);
    if (answer === undefined) return;
    const seen = await lookAfter(own, offer, answer);
    if (answer.status < 400) await own.platform.settle(offer, answer);
    refused.answered.push({ what: named.what, judgedBy: defect.judgedBy, answer, ...seen });
  };
  for (const defect of provisionDefects(own, offer))
    await take("provision", defect, () => own.provisionNew(offer, { ...sendable(defect), ...bad }));
  if (live === undefined || !BINDABLE.fits(offer)) return;
  for (const defect of creationDefects("bind", own.bindBody(offer), unfitting(offer, "bind")))
    await take("bind", defect, () => own.bind(live, own.platform.newId(), { ...sendable(defect), ...bad }));
}

async function refuseUpdates(refused: Refused, live: LiveInstance): Promise<void> {
  const { own } = refused;
  if (!areUpdatesOffered(own.run)) return;
  const service = { service_id: live.offer.service.id };
  const defects: readonly Defect[] = [
    { what: "an update with no service_id", judgedBy: "update-missing-service-id-400", body: {} },
    { what: "an update with a body that is not JSON", judgedBy: "update-malformed-400", text: '{"service_id": "x' },
    { what: "an update with an unknown plan", body: { ...service, plan_id: "drydock-no-such-plan" } },
  ];
  for (const defect of defects) {
    const send = () => own.update(live, defect.body ?? {}, { ...sendable(defect), ...bad });
    const answer = await refused.ask("update", defect, send);
    if (answer === undefined) continue;
    await own.platform.settle(live.offer, answer);
    refused.answered.push({ what: defect.what, judgedBy: defect.judgedBy, answer });
  }
}

/** Deletions that lack an id. Their subjects never existed: refusing them is right in any case, and nothing is lost. */
async function refuseDeletions(own: OsbContext, offer: Offer): Promise<readonly RefusedRequest[]> {
  const requests: RefusedRequest[] = [];
  for (const member of ["service_id", "plan_id"] as const) {
    const query = Object.fromEntries(Object.entries(planIds(offer)).filter(([name]) => name !== member));
    const answer = await own.platform.deprovision(offer, own.platform.newId(), { query, ...bad });
    const judgedBy = `deprovision-missing-${member.replace("_", "-")}-400`;
    requests.push({ what: `a deprovision with no ${member}`, judgedBy, answer });
  }
  return requests;
}

async function refuseReadings(own: OsbContext, offer: Offer): Promise<readonly RefusedRequest[]> {
  const { platform, minor } = own;
  const requests: RefusedRequest[] = [];
  const take = (what: string, judgedBy: string, answer: Answer) => void requests.push({ what, judgedBy, answer });
  if (platform.settings.target.auth.kind !== "none") {
    const answer = await platform.send("catalog", { headers: { Authorization: null }, ...bad });
    take("a catalog request without credentials", "auth-enforced-every-endpoint", answer);
  }
  if (isFetchOffered(minor, "instance", offer)) {
    const answer = await platform.send("fetch-instance", { instanceId: platform.newId(), ...bad });
    take("a fetch of an unknown instance", "fetch-instance-404-unknown", answer);
  }
  return requests;
}

async function instanceOf(own: OsbContext, offer: Offer): Promise<LiveInstance | undefined> {
  try {
    return await own.freshOf(offer);
  } catch (error) {
    if (error instanceof Verdicted) return undefined;
    throw error;
  }
}

/** What is to be refused is asked for of one plan. Played once for each. */
function refusalsOf(context: OsbContext, offer: Offer): Promise<Refusals> {
  return context.shared.once(`refused requests ${offer.plan.id}`, async (platform) => {
    const own = context.with(platform);
    const live = await instanceOf(own, offer);
    const refused = new Refused(own);
    await refuseCreations(refused, offer, live);
    if (live !== undefined) await refuseUpdates(refused, live);
    const answered = [
      ...refused.answered,
      ...(await refuseDeletions(own, offer)),
      ...(await refuseReadings(own, offer)),
    ];
    return { answered, unanswered: refused.unanswered };
  });
}

/** Names the plan in each refusal, which is done for all plans but the first. */
function nameOf(offer: Offer | undefined, { answered, unanswered }: Refusals): Refusals {
  const addPlan = <T extends { readonly what: string }>(each: T): T => ({
    ...each,
    what: `${each.what} (plan "${offer?.plan.name}")`,
  });
  return { answered: answered.map(addPlan), unanswered: unanswered.map(addPlan) };
}

/**
 * One request of each kind that has to be refused, on each plan that is tried, side by side.
 *
 * @throws NoAnswer when a request without a defect in it got none
 */
export async function refusalsOfAll(context: OsbContext): Promise<Refusals> {
  const requirement = context.run.offers.some(BINDABLE.fits) ? BINDABLE : ANY;
  const lead = await acceptedOffer(context, requirement);
  const others = plansToTry(context, requirement).filter(({ plan }) => plan.id !== lead.plan.id);
  const [first, ...rest] = await Promise.all([lead, ...others].map((offer) => refusalsOf(context, offer)));
  const all = [first, ...rest.map((refusals, at) => nameOf(others[at], refusals))];
  return {
    answered: all.flatMap((refusals) => refusals?.answered ?? []),
    unanswered: all.flatMap((refusals) => refusals?.unanswered ?? []),
  };
}

/** Those that were answered. */
export const refusedRequests = async (context: OsbContext): Promise<readonly RefusedRequest[]> =>
  (await refusalsOfAll(context)).answered;
