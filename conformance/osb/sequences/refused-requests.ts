import type { Answer } from "../../client/answer.ts";
import { type Offer, schemaOf } from "../../client/catalog.ts";
import type { Json, JsonObject } from "../../client/http/json.ts";
import { planIds } from "../../client/request.ts";
import { minimalFor, violationOf } from "../../client/schema.ts";
import { Verdicted } from "../../runner/check.ts";
import { areUpdatesOffered } from "../changes.ts";
import type { OsbContext } from "../context.ts";
import { isFetchOffered } from "../model/fetches.ts";
import { lookFor, type Presence } from "../model/presence.ts";
import { ANY, BINDABLE } from "../plan-requirements.ts";
import type { LiveInstance } from "../shared-instances.ts";

/** A request with one planted defect, and what came of it. */
export interface RefusedRequest {
  readonly what: string;
  /** The check that judges its status; undefined where the specification names none for the defect. */
  readonly judgedBy: string | undefined;
  readonly answer: Answer;
  /** Of a creation that was answered 4xx: whether it is there all the same. */
  readonly presence?: Presence;
  /** The deletion that follows a refused creation. */
  readonly deletion?: Answer;
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

/** Parameters that the published schema refuses, where it refuses any. */
function unfitting(offer: Offer, use: "create" | "bind"): JsonObject | undefined {
  const schema = schemaOf(offer, use);
  return schema === undefined ? undefined : violationOf(schema, minimalFor(schema) ?? {});
}

const MALFORMED = { provision: "provision-malformed-body-400", bind: "bind-malformed-400" } as const;

/** The defects of a creation. A clause that is a MAY or a SHOULD does not say how a mistake is answered, so nobody judges the status. */
function creationDefects(operation: "provision" | "bind", body: JsonObject, parameters: JsonObject | undefined) {
  const defects: Defect[] = [
    { what: "no service_id", judgedBy: `${operation}-missing-service-id-400`, body: without(body, "service_id") },
    { what: "no plan_id", judgedBy: `${operation}-missing-plan-id-400`, body: without(body, "plan_id") },
    { what: "a body that is no JSON", judgedBy: MALFORMED[operation], text: '{"service_id": "x' },
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

/** Whether a refused creation was carried out all the same, and the clean-up of a platform that gives it up. */
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

async function refuseCreations(own: OsbContext, offer: Offer, live: LiveInstance | undefined) {
  const requests: RefusedRequest[] = [];
  const record = async (operation: string, { what, judgedBy }: Defect, answer: Answer) => {
    const seen = await lookAfter(own, offer, answer);
    if (answer.status < 400) await own.platform.settle(offer, answer);
    requests.push({ what: `${operation} with ${what}`, judgedBy, answer, ...seen });
  };
  for (const defect of provisionDefects(own, offer))
    await record(
      "a provision",
      defect,
      await own.provision(offer, own.platform.newId(), { ...sendable(defect), ...bad }),
    );
  if (live === undefined || !BINDABLE.fits(offer)) return requests;
  for (const defect of creationDefects("bind", own.bindBody(offer), unfitting(offer, "bind")))
    await record("a bind", defect, await own.bind(live, own.platform.newId(), { ...sendable(defect), ...bad }));
  return requests;
}

async function refuseUpdates(own: OsbContext, live: LiveInstance): Promise<readonly RefusedRequest[]> {
  if (!areUpdatesOffered(own.run)) return [];
  const service = { service_id: live.offer.service.id };
  const defects: readonly Defect[] = [
    { what: "no service_id", judgedBy: "update-missing-service-id-400", body: {} },
    { what: "a body that is no JSON", judgedBy: "update-malformed-400", text: '{"service_id": "x' },
    { what: "an unknown plan", body: { ...service, plan_id: "drydock-no-such-plan" } },
  ];
  const requests: RefusedRequest[] = [];
  for (const defect of defects) {
    const answer = await own.update(live, defect.body ?? {}, { ...sendable(defect), ...bad });
    await own.platform.settle(live.offer, answer);
    requests.push({ what: `an update with ${defect.what}`, judgedBy: defect.judgedBy, answer });
  }
  return requests;
}

/** Deletions that lack an id. They are of what never was: refusing them is right in any case, and nothing is lost. */
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

/** One request of each kind that has to be refused. Played once a run. */
export async function refusedRequests(context: OsbContext): Promise<readonly RefusedRequest[]> {
  const offer = context.offer(context.run.offers.some(BINDABLE.fits) ? BINDABLE : ANY);
  return context.shared.once("refused requests", async (platform) => {
    const own = context.with(platform);
    const live = await instanceOf(own, offer);
    return [
      ...(await refuseCreations(own, offer, live)),
      ...(live === undefined ? [] : await refuseUpdates(own, live)),
      ...(await refuseDeletions(own, offer)),
      ...(await refuseReadings(own, offer)),
    ];
  });
}
