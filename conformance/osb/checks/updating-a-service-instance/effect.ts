import { isObject, sameJson } from "../../../client/http/json.ts";
import { bodyOf } from "../../../client/http/observation.ts";
import { fail, notApplicable, type Outcome, pass, Verdicted, worstOf } from "../../../runner/check.ts";
import { updatablePlan } from "../../changes.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectStatus, ordinaryRefusal } from "../../judge.ts";
import { RETRIEVABLE } from "../../plan-requirements.ts";
import { anyUpdate, firstChange, parameterUpdate, planUpdate, type UpdateRecord } from "../../sequences/updates.ts";
import { isSuccess } from "../../../client/request.ts";

const bad = { intent: "bad" } as const;

async function repeatUpdate(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh(updatablePlan(context.run));
  const { body } = firstChange(context, live.offer);
  const first = await context.update(live, body);
  await context.platform.settle(live.offer, first);
  if (!isSuccess(first)) return notApplicable(`the first was answered ${first.status}`, first);
  const again = await context.update(live, body);
  await context.platform.settle(live.offer, again);
  return expectStatus(again, [200, 202], ["4xx"]);
}

const comparePlans = ({ before, after, settled }: UpdateRecord): Outcome => {
  const [was, is] = [before, after].map((answer) => (answer === undefined ? undefined : bodyOf(answer)["plan_id"]));
  if (was === undefined || is === undefined || before === undefined || after === undefined) {
    return notApplicable("the plan of an instance cannot be read", settled.answer);
  }
  return was === is
    ? pass(before, settled.answer, after)
    : fail(`plan ${JSON.stringify(was)} to stay`, JSON.stringify(is), before, settled.answer, after);
};

const compareParameters = ({ before, after, settled }: UpdateRecord): Outcome => {
  const [was, is] = [before, after].map((answer) => (answer === undefined ? undefined : bodyOf(answer)["parameters"]));
  if (was === undefined || before === undefined || after === undefined) {
    return notApplicable("the parameters of an instance cannot be read", settled.answer);
  }
  return sameJson(was, is)
    ? pass(before, settled.answer, after)
    : fail("the parameters to stay", "other ones", before, settled.answer, after);
};

function judgePlan({ change, settled, after }: UpdateRecord): Outcome {
  if (settled.state !== "succeeded") return notApplicable(`the update ${settled.state}`, settled.answer);
  if (after === undefined) return notApplicable("instances are not retrievable", settled.answer);
  const seen = bodyOf(after)["plan_id"];
  if (seen === undefined) return notApplicable("plan_id is not returned", after);
  return seen === change.planId
    ? pass(settled.answer, after)
    : fail(`plan_id ${change.planId}`, JSON.stringify(seen), settled.answer, after);
}

function judgeParameters({ change, settled, after }: UpdateRecord): Outcome {
  const seen = after === undefined ? undefined : bodyOf(after)["parameters"];
  if (settled.state !== "succeeded" || after === undefined || !isObject(seen)) {
    return notApplicable("the parameters of an instance cannot be read", settled.answer);
  }
  const wrong = Object.entries(change.parameters ?? {}).find(
    ([name, value]) => name in seen && !sameJson(seen[name], value),
  );
  return wrong === undefined
    ? pass(settled.answer, after)
    : fail(`parameter ${wrong[0]} to be updated`, "its old value", settled.answer, after);
}

async function judgeRefusedUpdate(context: OsbContext): Promise<Outcome> {
  const live = await context.fresh(RETRIEVABLE, updatablePlan(context.run));
  const before = await context.fetchInstance(live);
  const { body } = firstChange(context, live.offer);
  const hasBegun = await context.watchOperations(live);
  const answer = await context.update(live, { ...body, service_id: "" }, bad);
  const begun = isSuccess(answer) ? undefined : await hasBegun();
  if (begun !== undefined) return fail("a refused update to begin nothing", "something in progress", answer, begun);
  const after = await context.fetchInstance(live);
  if (before === undefined || after === undefined) return notApplicable("the instance cannot be fetched", answer);
  if (isSuccess(answer)) return notApplicable("the request was not refused", answer);
  if (sameJson(before.json, after.json)) return pass(before, answer, after);
  return fail("a refused update to change nothing", "another answer to GET", before, answer, after);
}

function orNotApplicable(error: unknown): Outcome {
  if (error instanceof Verdicted && error.outcome.verdict === "not-applicable") return error.outcome;
  throw error;
}

/** Checks of spec.md, "Updating a Service Instance": what changes, and what stays. */
export const updatingInstanceEffectChecks: readonly OsbCheck[] = [
  probe({
    id: "update-without-plan-keeps-plan",
    title: "An update without plan_id keeps the plan",
    requirement: "Without plan_id an update must not change the plan.",
    run: async (context) => comparePlans(await parameterUpdate(context)),
  }),
  probe({
    id: "update-without-parameters-keeps-parameters",
    title: "An update without parameters keeps the parameters",
    requirement: "Without parameters an update must not change the parameters.",
    run: async (context) => compareParameters(await planUpdate(context)),
  }),
  probe({
    id: "update-200",
    title: "A successful update is answered 200 or 202",
    requirement: "An update that was applied is answered 200, one that is in progress 202.",
    clauses: ["update-200", "update-202"],
    run: async (context) => {
      const { settled } = await anyUpdate(context);
      const { answer } = settled;
      if ([404, 405, 422, 501].includes(answer.status)) return notApplicable(`answered ${answer.status}`, answer);
      if (answer.status >= 400 && answer.status < 500) return ordinaryRefusal(answer);
      return expectStatus(answer, [200, 202]);
    },
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
    requirement: "Once an update has succeeded, a fetch shows the new plan and parameters.",
    needs: { instances: 2 },
    run: async (context) => {
      const outcomes = await Promise.all([
        planUpdate(context).then(judgePlan, orNotApplicable),
        parameterUpdate(context).then(judgeParameters, orNotApplicable),
      ]);
      return worstOf(outcomes);
    },
  }),
  probe({
    id: "update-4xx-applies-nothing",
    title: "A refused update applies nothing",
    requirement: "An update that is answered 4xx applies none of the requested changes.",
    run: judgeRefusedUpdate,
  }),
];
