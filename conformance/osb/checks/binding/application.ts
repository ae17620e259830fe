import type { Answer } from "../../../client/answer.ts";
import type { JsonObject } from "../../../client/http/json.ts";
import { followsFrom, notApplicable, type Outcome } from "../../../runner/check.ts";
import type { OsbContext } from "../../context.ts";
import { type OsbCheck, probe } from "../../define.ts";
import { expectError, expectStatus, ordinaryRefusal, seenOf, unlessRefusedAnyway } from "../../judge.ts";
import { BINDABLE } from "../../plan-requirements.ts";
import { withoutApp } from "../../request-bodies.ts";
import { isSuccess } from "../../../client/request.ts";

interface BindWithoutApp {
  readonly bare: Answer;
  /** With an application, if it is refused without one. */
  readonly bound: Answer | undefined;
}

/**
 * Binds without an application, and with one if that is refused. A first bind that came too early may be refused, which is another check's finding,
 * so it is sent once more. Played once per run.
 */
function bindWithoutApp(whole: OsbContext): Promise<BindWithoutApp> {
  return whole.shared.once("bind without application", async (platform) => {
    const context = whole.with(platform);
    const live = await context.fresh(BINDABLE);
    const bind = async (body: JsonObject): Promise<Answer> => {
      const answer = await context.bind(live, platform.newId(), { body });
      await platform.settle(live.offer, answer);
      return answer;
    };
    const ordinary = context.bindBody(live.offer);
    const first = await bind(withoutApp(ordinary));
    if (isSuccess(first)) return { bare: first, bound: undefined };
    const bound = await bind(ordinary);
    return { bare: await bind(withoutApp(ordinary)), bound };
  });
}

async function judgeRequiresAppCode(context: OsbContext): Promise<Outcome> {
  const { bare, bound } = await bindWithoutApp(context);
  if (isSuccess(bare)) return notApplicable("binding without an app succeeds", bare);
  if (bound !== undefined && !isSuccess(bound)) return ordinaryRefusal(bound);
  if (bare.status !== 422)
    return followsFrom("bind-requires-app-422", `a bind without an app is answered ${seenOf(bare)}`, bare);
  return expectError(bare, "RequiresApp");
}

/** Checks of spec.md, "Binding": bindings without an application. */
export const bindingApplicationChecks: readonly OsbCheck[] = [
  probe({
    id: "bind-requires-app-422",
    title: "A bind without an application is accepted or answered 422",
    requirement: "bind_resource is optional; a broker that needs app_guid answers 422 when it is missing.",
    clauses: ["bind-requires-app-422", "bind-resource-optional"],
    run: async (context) => {
      const { bare, bound } = await bindWithoutApp(context);
      const outcome = expectStatus(bare, ["2xx", 422]);
      return bound === undefined ? outcome : unlessRefusedAnyway(outcome, async () => bound);
    },
  }),
  probe({
    id: "bind-requires-app-error-code",
    title: "The refusal of a bind without an application carries RequiresApp",
    requirement: "The 422 for a missing app_guid carries the error code RequiresApp.",
    run: judgeRequiresAppCode,
  }),
];
