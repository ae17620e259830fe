import { isObject, sameJson } from "../../../client/http/json.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import { fail, followsFrom, notApplicable, type Outcome, pass, worstOf } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectStatus, expectStatusOf, ordinaryRefusal } from "../../judge.ts";
import {
  acceptedUpdate,
  anyUpdate,
  onEachParameterUpdate,
  onEachPlanUpdate,
  type UpdateRecord,
} from "../../sequences/updates.ts";
import { outcomeOf } from "../../variations/plans.ts";
import { hasParameters } from "../../variations/read-back.ts";
import { isSuccess } from "../../../client/request.ts";

async function repeatUpdate(context: OsbContext): Promise<Outcome> {
  const { live: example, change } = await acceptedUpdate(context);
  const live = await context.freshOf(example.offer);
  const first = await context.update(live, change.body);
  await context.platform.settle(live.offer, first);
  if (!isSuccess(first)) return notApplicable(`the first was answered ${first.status}`, first);
  const again = await context.update(live, change.body);
  await context.platform.settle(live.offer, again);
  return expectStatus(again, ["2xx"], ["4xx"]);
}

/** What both fetches show; a refused update changes nothing, which is another check's business. */
function readBack({ before, after, settled }: UpdateRecord) {
  if (settled.state !== "succeeded") return notApplicable(`an ordinary update ${settled.state}`, settled.answer);
  if (before === undefined || after === undefined)
    return notApplicable("instances are not retrievable", settled.answer);
  return { before, after };
}

const comparePlans = (record: UpdateRecord): Outcome => {
  const fetched = readBack(record);
  if ("verdict" in fetched) return fetched;
  const { before, after } = fetched;
  const [was, is] = [before, after].map((answer) => bodyOf(answer)["plan_id"]);
  if (was === undefined || is === undefined) return notApplicable("the plan of an instance is not returned", after);
  return was === is
    ? pass(before, record.settled.answer, after)
    : fail(`plan ${JSON.stringify(was)} to stay`, JSON.stringify(is), before, record.settled.answer, after);
};

const compareParameters = (record: UpdateRecord): Outcome => {
  const fetched = readBack(record);
  if ("verdict" in fetched) return fetched;
  const { before, after } = fetched;
  if (!hasParameters(before)) return notApplicable("the instance shows no parameters that could be lost", before);
  return sameJson(bodyOf(before)["parameters"], bodyOf(after)["parameters"])
    ? pass(before, record.settled.answer, after)
    : fail("the parameters to stay", "other ones", before, record.settled.answer, after);
};

function judgePlan({ live, change, settled, before, after }: UpdateRecord): Outcome {
  if (settled.state !== "succeeded") return notApplicable(`the update ${settled.state}`, settled.answer);
  if (after === undefined) return notApplicable("instances are not retrievable", settled.answer);
  const seen = bodyOf(after)["plan_id"];
  if (seen === undefined) return notApplicable("plan_id is not returned", after);
  const was = before === undefined ? undefined : bodyOf(before)["plan_id"];
  if (was !== undefined && was !== null && was !== live.offer.plan.id)
    return followsFrom("fetch-instance-plan-id", `the plan was fetched as ${JSON.stringify(was)} before`, after);
  return seen === change.planId
    ? pass(settled.answer, after)
    : fail(`plan_id ${change.planId}`, JSON.stringify(seen), settled.answer, after);
}

function judgeParameters({ change, settled, after }: UpdateRecord): Outcome {
  const seen = after === undefined ? undefined : bodyOf(after)["parameters"];
  if (settled.state !== "succeeded" || after === undefined || !isObject(seen))
    return notApplicable("the parameters of an instance cannot be read", settled.answer);
  const asked = Object.entries(change.parameters ?? {}).filter(([name]) => name in seen);
  if (asked.length === 0) return notApplicable("the parameters that were changed are not returned", after);
  const wrong = asked.find(([name, value]) => !sameJson(seen[name], value));
  return wrong === undefined
    ? pass(settled.answer, after)
    : fail(`parameter ${wrong[0]} to be updated`, "its old value", settled.answer, after);
}

/** What an update says about the labels, and what the fetch after it says. */
function judgeLabels({ settled, after }: UpdateRecord): Outcome {
  const [returned, fetched] = [settled.answer, after].map((answer) => {
    const metadata = answer === undefined ? undefined : bodyOf(answer)["metadata"];
    return isObject(metadata) ? metadata["labels"] : undefined;
  });
  if (settled.state !== "succeeded" || returned === undefined || fetched === undefined || after === undefined)
    return notApplicable("no labels came with an update and with the fetch after it", settled.answer);
  return sameJson(returned, fetched)
    ? pass(settled.answer, after)
    : fail("the labels that came with the update", "other ones", settled.answer, after);
}

const judgeApplied =
  (judge: (record: UpdateRecord) => Outcome) =>
  (record: UpdateRecord): Outcome =>
    worstOf([judge(record), judgeLabels(record)]);

const worstOfAll = (outcomes: Promise<readonly Outcome[]>): Promise<Outcome> =>
  outcomeOf(async () => worstOf(await outcomes));

async function judgeUpdateStatus(context: OsbContext): Promise<Outcome> {
  const judge = ({ settled }: UpdateRecord): Outcome => {
    const { answer } = settled;
    if ([404, 405, 422, 501].includes(answer.status))
      return notApplicable(`it is about updates that are accepted, and this is answered ${answer.status}`, answer);
    return answer.status >= 400 && answer.status < 500 ? ordinaryRefusal(answer) : expectStatusOf(settled, [200, 202]);
  };
  return worstOf([
    await outcomeOf(async () => judge(await anyUpdate(context))),
    await worstOfAll(onEachPlanUpdate(context, judge)),
  ]);
}

/** Checks of spec.md, "Updating a Service Instance": what changes, and what stays. */
export const updatingInstanceEffectChecks: readonly OsbCheck[] = [
  probe({
    id: "update-without-plan-keeps-plan",
    title: "An update without plan_id keeps the plan",
    requirement: "Without plan_id an update must not change the plan.",
    run: (context) => worstOfAll(onEachParameterUpdate(context, comparePlans)),
  }),
  probe({
    id: "update-without-parameters-keeps-parameters",
    title: "An update without parameters keeps the parameters",
    requirement: "Without parameters an update must not change the parameters.",
    run: (context) => worstOfAll(onEachPlanUpdate(context, compareParameters)),
  }),
  probe({
    id: "update-200",
    title: "A successful update is answered 200 or 202",
    requirement: "An update that was applied is answered 200, one that is in progress 202.",
    clauses: ["update-200", "update-202"],
    run: judgeUpdateStatus,
  }),
  probe({
    id: "update-noop-200",
    title: "An update that changes nothing is accepted",
    requirement: "A change without effect may be answered 200 like any other.",
    run: repeatUpdate,
  }),
  probe({
    id: "update-applied-visible",
    title: "A finished update is in effect",
    requirement: "Once an update has succeeded, a fetch shows the new plan, parameters and labels.",
    needs: { instances: 2 },
    run: async (context) =>
      worstOf(
        await Promise.all([
          worstOfAll(onEachPlanUpdate(context, judgeApplied(judgePlan))),
          worstOfAll(onEachParameterUpdate(context, judgeApplied(judgeParameters))),
        ]),
      ),
  }),
];
