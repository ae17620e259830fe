import { bodyOf } from "../../../client/http/observation.ts";
import type { Answer } from "../../../client/answer.ts";
import { fail, followsFrom, type Outcome, worstOf } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { expectUnflagged } from "../removal.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectErrorOf422, expectStatus, expectStatusOf, ordinaryRefusal, seenOf } from "../../judge.ts";
import { judgeLifecycles } from "../../judging/lifecycles.ts";
import { BINDABLE } from "../../plan-requirements.ts";
import { onEachAsyncPlan } from "../../sequences/asynchronous-plans.ts";
import { otherPlan } from "../../changes.ts";
import { withoutEach, withoutId } from "../../variations/absences.ts";
import { withForeignIds } from "../../variations/foreign-ids.ts";
import { judgeBinds, judgeLeanBinds, unlessOrdinaryFails } from "../../variations/judging.ts";
import { onEachPlan, plansUnlike } from "../../variations/plans.ts";
import { violatingParameters, withStrictSchema } from "../../variations/violations.ts";
import { parameterRows, typedRows } from "../../variations/wrong-types.ts";

const bad = { intent: "bad" } as const;

function bindWithout(member: "service_id" | "plan_id") {
  return (whole: OsbContext): Promise<Outcome> =>
    onEachPlan(whole, [BINDABLE], async (context, offer) =>
      judgeBinds(context, await context.liveOf(offer), withoutId(member, context.minor, context.bindBody(offer))),
    );
}

const MALFORMED = ['{"plan_id": ', "[]", "null", ""];

async function bindMalformed(context: OsbContext): Promise<Outcome> {
  const texts = MALFORMED.map((text) => ({
    words: text === "" ? "no body" : `the body ${text}`,
    text,
    good: [400],
    tolerated: [415, 422],
  }));
  const outcomes: Outcome[] = [];
  for (const [at, offer] of plansUnlike(context, "bind", BINDABLE).entries()) {
    const live = await context.liveOf(offer);
    const typed = (at === 0 ? typedRows : parameterRows)("bind", context.minor, context.bindBody(offer));
    const outcome = await judgeBinds(context, live, [...(at === 0 ? texts : []), ...typed]);
    outcomes.push(outcome);
    await context.release(outcome);
  }
  return worstOf(outcomes);
}

/** Ids that are unknown, or that belong to another offering or plan than the instance's. */
async function bindForeign(context: OsbContext): Promise<Outcome> {
  const live = await context.live(BINDABLE);
  const sibling = otherPlan(live.offer);
  const changes = [
    ...withForeignIds(context, live.offer, ["service_id", "plan_id"]),
    ...(sibling === undefined ? [] : [{ words: "another plan of the offering", change: { plan_id: sibling.plan.id } }]),
  ];
  const rows = changes.map(({ words, change }) => ({
    words,
    body: { ...context.bindBody(live.offer), ...change },
    good: ["4xx"] as const,
    tolerated: ["2xx"] as const,
    isPermission: true,
  }));
  return judgeBinds(context, live, rows);
}

async function bindLean(context: OsbContext): Promise<Outcome> {
  const live = await context.live(BINDABLE);
  const members = ["context", "app_guid", "bind_resource", "parameters"];
  return judgeLeanBinds(context, live, withoutEach(members, context.bindBody(live.offer)));
}

const bindInvalidParameters = (whole: OsbContext): Promise<Outcome> =>
  onEachPlan(whole, [BINDABLE, withStrictSchema("bind")], async (context, offer) => {
    const live = await context.liveOf(offer);
    const body = { ...context.bindBody(offer), parameters: violatingParameters(offer, "bind") ?? {} };
    return judgeBinds(context, live, [{ words: "unfit parameters", body, good: ["4xx"], tolerated: ["2xx"] }]);
  });

const bindWithoutFlag =
  (judge: (answer: Answer) => Outcome) =>
  (whole: OsbContext): Promise<Outcome> =>
    onEachAsyncPlan(whole, "bind", async (context, offer) => {
      const live = await context.liveOf(offer);
      return judge(await context.bind(live, context.platform.newId(), { query: {}, ...bad }));
    });

/** Checks of spec.md, "Binding": what a request has to have. */
export const bindingRequestChecks: readonly OsbCheck[] = [
  probe({
    id: "bind-accepts-incomplete-422",
    title: "An asynchronous bind without accepts_incomplete is refused with 422",
    requirement:
      "A binding that can only be made asynchronously is refused with 422 when accepts_incomplete=true is missing.",
    run: bindWithoutFlag((answer) => expectUnflagged(answer, 201)),
  }),
  probe({
    id: "bind-422-async-error-code",
    title: "The refusal of a synchronous bind carries AsyncRequired",
    requirement: "The 422 for a missing accepts_incomplete carries the error code AsyncRequired.",
    run: bindWithoutFlag((answer) => expectErrorOf422(answer, "AsyncRequired")),
  }),
  probe({
    id: "bind-missing-service-id-400",
    title: "A bind without service_id is answered 400",
    requirement: "A bind whose service_id is missing or empty is answered 400.",
    run: bindWithout("service_id"),
  }),
  probe({
    id: "bind-missing-plan-id-400",
    title: "A bind without plan_id is answered 400",
    requirement: "A bind whose plan_id is missing or empty is answered 400.",
    run: bindWithout("plan_id"),
  }),
  probe({
    id: "bind-malformed-400",
    title: "A malformed bind is answered 400",
    requirement: "A bind whose body is cut off or has a member of the wrong type is answered 400.",
    run: bindMalformed,
  }),
  probe({
    id: "bind-optional-fields",
    title: "A bind without an optional member does not make the broker fail",
    requirement: "A member without an asterisk may be left out: the request is processed, or refused with a reason.",
    run: bindLean,
  }),
  probe({
    id: "bind-invalid-service-or-plan",
    title: "A bind with an unknown service_id or plan_id is refused",
    requirement: "A service_id or plan_id that is unknown or not the instance's may be answered 400.",
    run: bindForeign,
  }),
  probe({
    id: "bind-parameters-validated",
    title: "Binding parameters that break the published schema are refused",
    requirement: "The broker should validate the parameters of a bind.",
    run: bindInvalidParameters,
  }),
  probe({
    id: "bind-unknown-instance",
    title: "A bind to an unknown instance is refused",
    requirement: "Binding to an instance that does not exist is answered with some 4xx.",
    needs: { instances: 0 },
    run: async (context) => {
      const offer = context.offer(BINDABLE);
      const answer = await context.bind({ offer, id: context.platform.newId() }, context.platform.newId(), bad);
      return unlessOrdinaryFails(context, "bind", offer, answer, expectStatus(answer, ["4xx"]));
    },
  }),
  probe({
    id: "bind-201",
    title: "A successful bind is answered 201 or 202",
    requirement:
      "A bindable plan can be bound: a binding made at once is answered 201, one in progress 202 (from 2.14).",
    clauses: ["bind-201", "bind-202", "plan-bindable-overrides-service"],
    needs: { instances: 0 },
    run: (context) =>
      judgeLifecycles(context, ({ binds: [bind] }) => {
        if (bind === undefined) return undefined;
        if (context.minor < 14 && bodyOf(bind.answer)["error"] === "AsyncRequired")
          return fail("201: no binding takes time before 2.14", seenOf(bind.answer), bind.answer);
        if (bind.answer.status >= 400 && bind.answer.status < 500) return ordinaryRefusal(bind.answer);
        if (bind.answer.status >= 500)
          return followsFrom("bind-creates-binding", `an ordinary bind fails: ${bind.answer.status}`, bind.answer);
        return expectStatusOf(bind, context.minor >= 14 ? [201, 202] : [201]);
      }),
  }),
];
