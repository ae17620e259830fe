import { sameJson } from "../../../client/http/json.ts";
import type { Answer } from "../../../client/answer.ts";
import { fail, notApplicable, type Outcome, pass } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectStatus, seenOf } from "../../judge.ts";
import { ANY } from "../../plan-requirements.ts";
import { conflictingProvision } from "../../sequences/flights/provision.ts";
import { isSuccess } from "../../../client/request.ts";

const bad = { intent: "bad" } as const;

async function provisionAgain(context: OsbContext, judge: (answer: Answer) => Outcome): Promise<Outcome> {
  const live = await context.live(ANY);
  return judge(await context.provision(live.offer, live.id));
}

async function judgeRepeatedProvision(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh(ANY);
  await context.provision(live.offer, live.id);
  const { platform } = context;
  await platform.settle(live.offer, await platform.deprovision(live.offer, live.id));
  const again = await platform.deprovision(live.offer, live.id);
  if (!isSuccess(again)) return pass(...platform.sent);
  return fail("one deletion to remove it, so that nothing is left for the next", seenOf(again), ...platform.sent);
}

/** The answer to a PUT with other attributes on an instance that is there. */
async function provisionConflicting(
  context: OsbContext,
): Promise<{ answer: Answer; unchanged: () => Promise<Outcome> }> {
  const words = "the offering has one plan and no schema to vary";
  const live = await context.live({
    unmet: words,
    fits: (offer) => conflictingProvision(context.shared, offer) !== undefined,
  });
  const before = await context.fetchInstance(live);
  const body = conflictingProvision(context.shared, live.offer) ?? {};
  const hasBegun = await context.watchOperations(live);
  const answer = await context.provision(live.offer, live.id, { body, ...bad });
  const unchanged = async (): Promise<Outcome> => {
    const begun = isSuccess(answer) ? undefined : await hasBegun();
    if (begun !== undefined) return fail("a refused request to begin nothing", "something in progress", answer, begun);
    const after = await context.fetchInstance(live);
    if (before === undefined || after === undefined) return notApplicable("instances are not retrievable", answer);
    if (sameJson(before.json, after.json)) return pass(before, answer, after);
    return fail("the first instance to stay as it was", "another answer to GET", before, answer, after);
  };
  return { answer, unchanged };
}

/** Checks of spec.md, "Provisioning": the same id again. */
export const provisioningRepetitionChecks: readonly OsbCheck[] = [
  probe({
    id: "provision-identical-200",
    title: "Provisioning the same instance again is answered 200",
    requirement: "Sending an identical provision again after it has succeeded is answered 200.",
    run: (context) => provisionAgain(context, (answer) => expectStatus(answer, [200])),
  }),
  probe({
    id: "provision-identical-200-2-12",
    title: "Provisioning the same instance again is answered 200 (2.12 and 2.13)",
    requirement: "In versions 2.12 and 2.13 sending an identical provision again must be answered 200.",
    clauses: ["provision-identical-200"],
    level: "MUST",
    since: 12,
    until: 13,
    run: (context) => provisionAgain(context, (answer) => expectStatus(answer, [200])),
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
    run: async (context) => expectStatus((await provisionConflicting(context)).answer, [409]),
  }),
  probe({
    id: "provision-conflict-leaves-original",
    title: "A conflicting provision leaves the instance as it was",
    requirement: "The 409 for a used id leaves the first instance unchanged.",
    run: async (context) => (await provisionConflicting(context)).unchanged(),
  }),
];
