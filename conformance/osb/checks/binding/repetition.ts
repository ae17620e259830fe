import { type JsonObject, sameJson } from "../../../client/http/json.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import type { Answer } from "../../../client/answer.ts";
import type { Offer } from "../../../client/catalog.ts";
import { fail, notApplicable, type Outcome, pass } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectStatus } from "../../judge.ts";
import { isPresent } from "../../judging/binding-answers.ts";
import { BINDABLE } from "../../plan-requirements.ts";
import { judgeOtherParameters } from "../../variations/conflicts.ts";
import { onEachPlan } from "../../variations/plans.ts";

const bad = { intent: "bad" } as const;

const bindAgain = (whole: OsbContext, judge: (first: Answer, again: Answer) => Outcome): Promise<Outcome> =>
  onEachPlan(whole, [BINDABLE], async (context, offer) => {
    const { first, again } = await bindTwice(context, offer);
    return judge(first, again);
  });

/** The same bind again after it has ended. Played once per run and plan. */
function bindTwice(context: OsbContext, offer: Offer): Promise<{ readonly first: Answer; readonly again: Answer }> {
  return context.shared.once(`bind twice ${offer.plan.id}`, async (platform) => {
    const own = context.with(platform);
    const live = await own.freshOf(offer);
    const { id, bound } = await own.bindTo(live);
    return { first: bound.answer, again: await own.bind(live, id) };
  });
}

function compareRepeatedCredentials(first: Answer, again: Answer): Outcome {
  const [given, repeated] = [bodyOf(first)["credentials"], bodyOf(again)["credentials"]];
  if (again.status !== 200 || !isPresent(given) || !isPresent(repeated))
    return notApplicable("the repeat has no credentials to compare", first, again);
  return sameJson(given, repeated)
    ? pass(first, again)
    : fail("the credentials of the first answer", "other ones", first, again);
}

const bindConflicting = (whole: OsbContext): Promise<Outcome> =>
  onEachPlan(whole, [BINDABLE], async (context, offer) => {
    const live = await context.liveOf(offer);
    const { id } = await context.bindTo(live);
    const put = async (parameters: JsonObject): Promise<Answer> => {
      const answer = await context.bind(live, id, { body: { ...context.bindBody(offer), parameters }, ...bad });
      await context.platform.settle(offer, answer);
      return answer;
    };
    return (await judgeOtherParameters(context, offer, "bind", put)).outcome;
  });

/** Checks of spec.md, "Binding": the same id again. */
export const bindingRepetitionChecks: readonly OsbCheck[] = [
  probe({
    id: "bind-identical-200",
    title: "Making the same binding again is answered 200",
    requirement: "Sending an identical bind again after it has succeeded is answered 200.",
    run: (context) => bindAgain(context, (_, again) => expectStatus(again, [200], [201, 202, 409])),
  }),
  probe({
    id: "bind-identical-200-2-12",
    title: "Making the same binding again is answered 200 (2.12 and 2.13)",
    requirement: "In versions 2.12 and 2.13 sending an identical bind again must be answered 200.",
    clauses: ["bind-identical-200"],
    level: "MUST",
    since: 12,
    until: 13,
    run: (context) => bindAgain(context, (_, again) => expectStatus(again, [200])),
  }),
  probe({
    id: "bind-identical-same-credentials",
    title: "Making the same binding again returns the same credentials",
    requirement: "The 200 describes the existing binding: credentials that it returns are the first ones.",
    run: (context) => bindAgain(context, compareRepeatedCredentials),
  }),
  probe({
    id: "bind-conflict-409",
    title: "A used binding id with other parameters is answered 409",
    requirement: "A bind under the id of an existing binding of the instance with other parameters is answered 409.",
    run: bindConflicting,
  }),
];
