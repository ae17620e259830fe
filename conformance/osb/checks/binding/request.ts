import { bodyOf } from "../../../client/http/observation.ts";
import type { Answer } from "../../../client/answer.ts";
import { fail, type Outcome, worstOf } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectErrorOf422, expectStatus, ordinaryRefusal, seenOf, unlessRefusedAnyway } from "../../judge.ts";
import { judgeLifecycles } from "../../judging/lifecycles.ts";
import { BINDABLE } from "../../plan-requirements.ts";
import { asyncBindOffer } from "../../sequences/asynchronous-plans.ts";
import { planWithViolation } from "../../sequences/schema-violation.ts";

const bad = { intent: "bad" } as const;

function bindWithout(member: string) {
  return async (context: OsbContext): Promise<Outcome> => {
    const live = await context.live(BINDABLE);
    const { [member]: _, ...rest } = context.bindBody(live.offer);
    const absent = await context.bind(live, context.platform.newId(), { body: rest, ...bad });
    const empty = await context.bind(live, context.platform.newId(), { body: { ...rest, [member]: "" }, ...bad });
    const outcome = worstOf([absent, empty].map((answer) => expectStatus(answer, [400])));
    return unlessRefusedAnyway(outcome, () => context.bind(live, context.platform.newId()));
  };
}

async function bindMalformed(context: OsbContext): Promise<Outcome> {
  const live = await context.live(BINDABLE);
  const broken = await context.bind(live, context.platform.newId(), { text: '{"plan_id": ', ...bad });
  const body = { ...context.bindBody(live.offer), service_id: 1 };
  const typed = await context.bind(live, context.platform.newId(), { body, ...bad });
  return worstOf([broken, typed].map((answer) => expectStatus(answer, [400], [422])));
}

async function bindWithUnknownIds(context: OsbContext): Promise<Outcome> {
  const live = await context.live(BINDABLE);
  const outcomes: Outcome[] = [];
  for (const member of ["service_id", "plan_id"]) {
    const body = { ...context.bindBody(live.offer), [member]: context.platform.newId() };
    outcomes.push(expectStatus(await context.bind(live, context.platform.newId(), { body, ...bad }), ["4xx"], ["2xx"]));
  }
  return worstOf(outcomes);
}

async function bindWithoutFlag(context: OsbContext): Promise<Answer> {
  const live = await context.liveOf(await asyncBindOffer(context));
  return context.bind(live, context.platform.newId(), { query: {}, ...bad });
}

/** Checks of spec.md, "Binding": what a request has to have. */
export const bindingRequestChecks: readonly OsbCheck[] = [
  probe({
    id: "bind-accepts-incomplete-422",
    title: "An asynchronous bind without accepts_incomplete is refused with 422",
    requirement:
      "A binding that can only be made asynchronously is refused with 422 when accepts_incomplete=true is missing.",
    run: async (context) => expectStatus(await bindWithoutFlag(context), [201, 422]),
  }),
  probe({
    id: "bind-422-async-error-code",
    title: "The refusal of a synchronous bind carries AsyncRequired",
    requirement: "The 422 for a missing accepts_incomplete carries the error code AsyncRequired.",
    run: async (context) => {
      return expectErrorOf422(await bindWithoutFlag(context), "AsyncRequired");
    },
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
    id: "bind-invalid-service-or-plan",
    title: "A bind with an unknown service_id or plan_id is refused",
    requirement: "A service_id or plan_id that is unknown or not the instance's may be answered 400.",
    run: bindWithUnknownIds,
  }),
  probe({
    id: "bind-parameters-validated",
    title: "Binding parameters that break the published schema are refused",
    requirement: "The broker should validate the parameters of a bind.",
    run: async (context) => {
      const { offer, parameters } = planWithViolation(context, "bind", BINDABLE);
      const live = await context.liveOf(offer);
      const body = { ...context.bindBody(offer), parameters };
      return expectStatus(await context.bind(live, context.platform.newId(), { body, ...bad }), ["4xx"], ["2xx"]);
    },
  }),
  probe({
    id: "bind-unknown-instance",
    title: "A bind to an unknown instance is refused",
    requirement: "Binding to an instance that does not exist is answered with some 4xx.",
    needs: { instances: 0 },
    run: async (context) => {
      const offer = context.offer(BINDABLE);
      const answer = await context.bind({ offer, id: context.platform.newId() }, context.platform.newId(), bad);
      return expectStatus(answer, ["4xx"]);
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
        return expectStatus(bind.answer, context.minor >= 14 ? [201, 202] : [201]);
      }),
  }),
];
