import type { JsonObject } from "../../../client/http/json.ts";
import type { Offer } from "../../../client/catalog.ts";
import { fail, notApplicable, type Outcome, pass, worstOf } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { RETRIEVABLE } from "../../plan-requirements.ts";
import { acceptedUpdate, declaredRecords, planChangeRecords, type UpdateRecord } from "../../sequences/updates.ts";
import type { LiveInstance } from "../../shared-instances.ts";
import { onEachPlan, orNone } from "../../variations/plans.ts";
import { changedMember } from "../../variations/read-back.ts";
import { refusedUpdates } from "../../variations/refused-updates.ts";
import { type Tried, worstTried } from "../../variations/tried.ts";

const isRefusal = ({ status }: { readonly status: number }): boolean => status >= 400 && status < 500;

/** An ordinary update that was refused, and the traces that it left. */
function judgeRecord({ change, before, settled: { answer }, after }: UpdateRecord): Tried | undefined {
  if (!isRefusal(answer) || before === undefined || after === undefined) return undefined;
  const changed = changedMember(before, after);
  const outcome =
    changed === undefined
      ? pass(before, answer, after)
      : fail("a refused update to change nothing", `another ${changed} in the answer to GET`, before, answer, after);
  return { words: change.words, outcome };
}

async function judgeRefused(context: OsbContext, live: LiveInstance, body: JsonObject): Promise<Outcome> {
  const before = await context.fetchInstance(live);
  const hasBegun = await context.watchOperations(live);
  const answer = await context.update(live, body, { intent: "bad" });
  await context.platform.settle(live.offer, answer);
  if (!isRefusal(answer)) return notApplicable(`the request was not refused: ${answer.status}`, answer);
  const begun = await hasBegun();
  if (begun !== undefined) return fail("a refused update to begin nothing", "something in progress", answer, begun);
  const after = await context.fetchInstance(live);
  if (before === undefined || after === undefined) return notApplicable("the instance cannot be fetched", answer);
  const changed = changedMember(before, after);
  if (changed === undefined) return pass(before, answer, after);
  return fail("a refused update to change nothing", `another ${changed} in the answer to GET`, before, answer, after);
}

/** Each kind of refusal on instances of a plan that are as they were made; nothing where the plan takes no update. */
async function judgeKinds(context: OsbContext, offer: Offer): Promise<Outcome> {
  const requirement = { unmet: "it takes no update", fits: ({ plan }: Offer) => plan.id === offer.plan.id };
  const [record] = await orNone(async () => [await acceptedUpdate(context, requirement)]);
  const tried: Tried[] = [];
  if (record === undefined) return worstTried(tried, "no update is accepted");
  // Of its own: on a shared one the same refusal may have been applied already, for another check.
  let live = await context.freshOf(offer);
  for (const { words, body } of refusedUpdates(context, record)) {
    const outcome = await judgeRefused(context, live, body);
    tried.push({ words, outcome });
    if (outcome.verdict !== "pass") live = await context.freshOf(offer);
  }
  return worstTried(tried);
}

async function judgeAll(context: OsbContext): Promise<Outcome> {
  context.offer(RETRIEVABLE);
  const [declared, changed, kinds] = await Promise.all([
    orNone(() => declaredRecords(context, RETRIEVABLE)),
    orNone(() => planChangeRecords(context)),
    onEachPlan(context, [RETRIEVABLE], judgeKinds),
  ]);
  const refused = [...declared, ...changed].flatMap((record) => judgeRecord(record) ?? []);
  const ordinary = worstTried(refused, "no update of an instance that can be fetched was refused");
  return worstOf([ordinary, kinds]);
}

/** Checks of spec.md, "Updating a Service Instance": updates that are refused. */
export const updatingInstanceRefusalChecks: readonly OsbCheck[] = [
  probe({
    id: "update-4xx-applies-nothing",
    title: "A refused update applies nothing",
    requirement: "An update that is answered 4xx applies none of the requested changes, whatever it is refused for.",
    run: judgeAll,
  }),
];
