import type { Answer } from "../../../client/answer.ts";
import type { Offer } from "../../../client/catalog.ts";
import { fail, notApplicable, type Outcome, pass } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectStatus, seenOf } from "../../judge.ts";
import { ANY } from "../../plan-requirements.ts";
import { isRemoved } from "../../../client/polling.ts";
import { type Conflict, judgeOtherParameters, planConflicts } from "../../variations/conflicts.ts";
import { unlessOrdinaryRefused } from "../../model/ordinary.ts";
import { lookFor } from "../../model/presence.ts";
import { obstacleIn } from "../../model/stages.ts";
import { variedParameters } from "../../variations/parameters.ts";
import { onEachPlan } from "../../variations/plans.ts";
import { changedMember } from "../../variations/read-back.ts";
import { type Tried, worstTried } from "../../variations/tried.ts";
import { isSuccess } from "../../../client/request.ts";

const bad = { intent: "bad" } as const;

const judgeIdentical = (whole: OsbContext): Promise<Outcome> =>
  onEachPlan(whole, [ANY], async (context, offer) => {
    const live = await context.liveOf(offer);
    const first = await context.provision(live.offer, live.id);
    if (first.status !== 200) return expectStatus(first, [200]);
    // Some brokers take the repeat for the end of the first request, and the next repeat for a new one.
    const second = await context.provision(live.offer, live.id);
    if (second.status === 202) context.markChanged(live);
    await context.platform.settle(live.offer, second);
    const outcome = expectStatus(second, [200]);
    return outcome.verdict === "pass"
      ? pass(first, second)
      : fail("each repeat to be answered 200", `200, then ${seenOf(second)}`, first, second);
  });

async function judgeRepeatedProvision(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh(ANY);
  const { platform } = context;
  await platform.settle(live.offer, await context.provision(live.offer, live.id));
  const removed = await platform.settle(live.offer, await platform.deprovision(live.offer, live.id));
  if (!isRemoved(removed)) return obstacleIn("deprovision", removed);
  const left = await lookFor(context, { offer: live.offer, instanceId: live.id, bindingId: "" }, "deleted");
  if (left.is === "untold") return left.outcome;
  return left.is === "absent"
    ? pass(...platform.sent)
    : fail("one deletion to remove it, so that nothing is left for the next", "it is still there", ...platform.sent);
}

/** A PUT under the id of an instance that exists. If it is accepted, the next one gets another instance. */
async function putAgain(context: OsbContext, offer: Offer, { body }: Pick<Conflict, "body">): Promise<Answer> {
  const live = await context.liveOf(offer);
  const answer = await context.provision(offer, live.id, { body, ...bad });
  if (isSuccess(answer)) context.markChanged(live);
  await context.platform.settle(offer, answer);
  return answer;
}

/** A plan of another offering may be refused before the broker notices that the id is in use. */
const isOfAnotherOffering = (offer: Offer, { body }: Conflict): boolean => body["service_id"] !== offer.service.id;

async function judgeConflict(context: OsbContext, offer: Offer, conflict: Conflict): Promise<Tried> {
  const answer = await putAgain(context, offer, conflict);
  const outcome = expectStatus(answer, [409], isOfAnotherOffering(offer, conflict) ? ["4xx"] : []);
  const other = context.run.offers.find(({ plan }) => plan.id === conflict.body["plan_id"]) ?? offer;
  return {
    words: conflict.words,
    outcome:
      answer.status === 409
        ? outcome
        : await unlessOrdinaryRefused(context.shared, "provision", other, { answer, outcome }),
  };
}

const judgeConflicts = (whole: OsbContext): Promise<Outcome> =>
  onEachPlan(whole, [ANY], async (context, offer) => {
    const tried: Tried[] = [];
    for (const conflict of planConflicts(context, offer)) tried.push(await judgeConflict(context, offer, conflict));
    const body = context.provisionBody(offer);
    const put = (parameters: Answer["sent"]) => putAgain(context, offer, { body: { ...body, parameters } });
    tried.push(await judgeOtherParameters(context, offer, "create", put));
    return worstTried(tried);
  });

/** A refused PUT, and the traces that it left on the instance that it was about. */
async function judgeUntouched(context: OsbContext, offer: Offer, { words, body }: Conflict): Promise<Tried> {
  const live = await context.liveOf(offer);
  const before = await context.fetchInstance(live);
  const hasBegun = await context.watchOperations(live);
  const answer = await context.provision(offer, live.id, { body, ...bad });
  await context.platform.settle(offer, answer);
  if (isSuccess(answer)) {
    context.markChanged(live);
    return { words, outcome: notApplicable(`${words}: accepted, and so not refused`, answer) };
  }
  const begun = await hasBegun();
  if (begun !== undefined) {
    context.markChanged(live);
    return { words, outcome: fail("a refused request to begin nothing", "something in progress", answer, begun) };
  }
  const after = await context.fetchInstance(live);
  if (before === undefined || after === undefined)
    return { words, outcome: notApplicable("instances are not retrievable", answer) };
  const changed = changedMember(before, after);
  if (changed === undefined) return { words, outcome: pass(before, answer, after) };
  context.markChanged(live);
  const seen = `another ${changed} in the answer to GET`;
  return { words, outcome: fail("the first instance to stay as it was", seen, before, answer, after) };
}

const judgeOriginals = (whole: OsbContext): Promise<Outcome> =>
  onEachPlan(whole, [ANY], async (context, offer) => {
    const [parameters] = variedParameters(context.run, offer, "create");
    const conflicts = [
      ...planConflicts(context, offer),
      ...(parameters === undefined
        ? []
        : [{ words: "other parameters", body: { ...context.provisionBody(offer), parameters } }]),
    ];
    const tried: Tried[] = [];
    for (const conflict of conflicts) tried.push(await judgeUntouched(context, offer, conflict));
    return worstTried(tried);
  });

/** Checks of spec.md, "Provisioning": the same id again. */
export const provisioningRepetitionChecks: readonly OsbCheck[] = [
  probe({
    id: "provision-identical-200",
    title: "Provisioning the same instance again is answered 200",
    requirement: "Sending an identical provision again after it has succeeded is answered 200.",
    run: judgeIdentical,
  }),
  probe({
    id: "provision-identical-200-2-12",
    title: "Provisioning the same instance again is answered 200 (2.12 and 2.13)",
    requirement: "In versions 2.12 and 2.13 sending an identical provision again must be answered 200.",
    clauses: ["provision-identical-200"],
    level: "MUST",
    since: 12,
    until: 13,
    run: judgeIdentical,
  }),
  probe({
    id: "provision-identical-no-second-resource",
    title: "Provisioning the same instance again makes no second one",
    requirement: "An identical provision sent again creates no other resource: one deletion leaves nothing to delete.",
    run: judgeRepeatedProvision,
  }),
  probe({
    id: "provision-conflict-409",
    title: "A used instance id with other attributes is answered 409",
    requirement: "A provision under the id of an existing instance with other attributes is answered 409.",
    clauses: ["provision-conflict-409", "error-specified-status-used"],
    run: judgeConflicts,
  }),
  probe({
    id: "provision-conflict-leaves-original",
    title: "A conflicting provision leaves the instance as it was",
    requirement: "The 409 for a used id leaves the first instance unchanged.",
    run: judgeOriginals,
  }),
];
