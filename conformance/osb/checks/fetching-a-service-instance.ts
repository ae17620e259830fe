import { isObject, type Json, sameJson } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import { fail, followsFrom, type Outcome, pass, warn } from "../../runner/check.ts";
import { updatablePlan } from "../changes.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { expectStatus, expectStatusOrBusy, seenOf } from "../judge.ts";
import { judgeFetchGone, judgeFetchUnknown } from "../judging/absence.ts";
import { judgeLifecycles } from "../judging/lifecycles.ts";
import { RETRIEVABLE } from "../plan-requirements.ts";
import { onUnlikeAsyncPlans } from "../sequences/asynchronous-plans.ts";
import { judgeMeanwhile } from "../sequences/flights/flight.ts";
import { flightOfProvision } from "../sequences/flights/provision.ts";
import { flightOfUpdate } from "../sequences/flights/update.ts";
import { allLifecycles, leftBy, type Lifecycle } from "../sequences/lifecycles.ts";

/** Why a check of what is fetched does not apply although an instance was reached. */
const FETCHED = { unmet: RETRIEVABLE.unmet, plan: RETRIEVABLE } as const;
const UNSTATED = { unmet: "no fetched instance tells it", plan: RETRIEVABLE } as const;

function judgeFetchedGone(lifecycle: Lifecycle): Outcome | undefined {
  const { deprovision, fetchedGone, fetched, controls } = lifecycle;
  if (deprovision === undefined || fetchedGone === undefined) return undefined;
  return judgeFetchGone({
    kind: "instance",
    live: fetched,
    unknown: controls.fetchInstance,
    deletion: deprovision.answer,
    fetched: fetchedGone,
    again: controls.deprovisionAgain,
  });
}

/** A member of what is fetched, where it is there, has this value. */
function compareMember(
  member: string,
  expected: (lifecycle: Lifecycle) => Json,
): (lifecycle: Lifecycle) => Outcome | undefined {
  return (lifecycle) => {
    const { fetched } = lifecycle;
    const seen = fetched?.status === 200 ? bodyOf(fetched)[member] : undefined;
    if (fetched === undefined || seen === undefined || seen === null) return undefined;
    if (seen === expected(lifecycle)) return pass(fetched);
    return fail(
      `${member} to be ${JSON.stringify(expected(lifecycle))}`,
      JSON.stringify(seen),
      lifecycle.provision.answer,
      fetched,
    );
  };
}

function compareDashboard({ provision, fetched }: Lifecycle): Outcome | undefined {
  const seen = fetched?.status === 200 ? bodyOf(fetched)["dashboard_url"] : undefined;
  if (fetched === undefined || seen === undefined || seen === null) return undefined;
  if (typeof seen !== "string") return fail("dashboard_url to be a string", JSON.stringify(seen), fetched);
  const announced = bodyOf(provision.answer)["dashboard_url"];
  if (typeof announced !== "string" || announced === seen) return pass(fetched);
  return warn("the dashboard_url that was announced", "another one", provision.answer, fetched);
}

function compareInstanceWithHints({ fetched, fetchedWithHints }: Lifecycle): Outcome | undefined {
  if (fetched === undefined || fetchedWithHints === undefined) return undefined;
  if (fetched.status !== 200)
    return followsFrom("fetch-instance-supported", `without the hints it is answered ${seenOf(fetched)}`, fetched);
  if (fetchedWithHints.status === 200 && sameJson(fetched.json, fetchedWithHints.json)) {
    return pass(fetched, fetchedWithHints);
  }
  return fail("the same answer with and without the hints", "two different ones", fetched, fetchedWithHints);
}

async function fetchDuringUpdate(context: OsbContext): Promise<Outcome> {
  context.offer(RETRIEVABLE, updatablePlan(context.run));
  return onUnlikeAsyncPlans(context, "update", async ({ shared }, offer) =>
    judgeMeanwhile(await flightOfUpdate(shared, offer), "fetched", (answer) => expectStatusOrBusy(answer, [200])),
  );
}

function compareAttributes({ provision, fetched }: Lifecycle): Outcome | undefined {
  const [given, seen] = [provision.answer, fetched].map((answer) => attributesOf(answer));
  if (given === undefined || seen === undefined || fetched === undefined) return undefined;
  return sameJson(given, seen)
    ? pass(provision.answer, fetched)
    : warn("the attributes of the answer", "changed ones", provision.answer, fetched);
}

function attributesOf(answer: Answer | undefined): Json | undefined {
  const metadata = answer === undefined ? undefined : bodyOf(answer)["metadata"];
  return isObject(metadata) ? metadata["attributes"] : undefined;
}

/** If a plan has no instance to fetch, another plan's instance shows whether the endpoint works. */
async function judgeUnknownFetches(context: OsbContext): Promise<Outcome> {
  const other = (await allLifecycles(context.shared)).find(({ fetched }) => fetched !== undefined)?.fetched;
  return judgeLifecycles(
    context,
    ({ controls, fetched = other }) => judgeFetchUnknown(controls.fetchInstance, fetched, "fetch-instance-supported"),
    FETCHED,
  );
}

/** Checks of spec.md, "Fetching a Service Instance". */
export const fetchingInstanceChecks: readonly OsbCheck[] = [
  probe({
    id: "fetch-instance-supported",
    title: "An instance can be fetched as soon as it exists",
    requirement:
      "With instances_retrievable the endpoint works for every plan, immediately after the provision has succeeded.",
    clauses: ["fetch-instance-supported", "fetch-instance-immediately-after-success"],
    needs: { instances: 0 },
    run: (context) =>
      judgeLifecycles(
        context,
        (lifecycle) =>
          lifecycle.fetched ? expectStatus(lifecycle.fetched, [200]) : leftBy(lifecycle, "fetch-instance"),
        FETCHED,
      ),
  }),
  probe({
    id: "fetch-instance-404-unknown",
    title: "Fetching an unknown instance is answered 404",
    requirement: "An instance that does not exist is answered 404.",
    needs: { instances: 0 },
    run: judgeUnknownFetches,
  }),
  probe({
    id: "fetch-instance-404-while-provisioning",
    title: "Fetching an instance while it is provisioned is answered 404",
    requirement: "While the provision is in progress the instance is answered 404.",
    needs: { exclusive: true },
    run: async (context) => {
      context.offer(RETRIEVABLE);
      return onUnlikeAsyncPlans(context, "provision", async ({ shared }, offer) =>
        judgeMeanwhile(await flightOfProvision(shared, offer), "fetched", (answer) => expectStatus(answer, [404])),
      );
    },
  }),
  probe({
    id: "fetch-instance-404-after-delete",
    title: "Fetching a deprovisioned instance is answered 404",
    requirement: "Once deprovisioning has finished the instance is answered 404.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeFetchedGone, { ...FETCHED, stage: "deprovision" }),
  }),
  probe({
    id: "fetch-instance-422-while-updating",
    title: "Fetching an instance while it is updated is answered 200 or 422",
    requirement: "An instance that cannot be fetched during an update is answered 422 with ConcurrencyError.",
    needs: { exclusive: true },
    run: fetchDuringUpdate,
  }),
  probe({
    id: "fetch-instance-query-hints-optional",
    title: "service_id and plan_id make no difference when an instance is fetched",
    requirement: "service_id and plan_id may be given as hints when an instance is fetched, and are optional.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, compareInstanceWithHints, FETCHED),
  }),
  probe({
    id: "fetch-instance-service-id",
    title: "A fetched instance names its own offering",
    requirement: "service_id of a fetched instance, when present, is the id of its offering.",
    needs: { instances: 0 },
    run: (context) =>
      judgeLifecycles(
        context,
        compareMember("service_id", ({ offer }) => offer.service.id),
        UNSTATED,
      ),
  }),
  probe({
    id: "fetch-instance-plan-id",
    title: "A fetched instance names its own plan",
    requirement: "plan_id of a fetched instance, when present, is the id of its current plan.",
    needs: { instances: 0 },
    run: (context) =>
      judgeLifecycles(
        context,
        compareMember("plan_id", ({ offer }) => offer.plan.id),
        UNSTATED,
      ),
  }),
  probe({
    id: "fetch-instance-dashboard-url",
    title: "A fetched instance has the dashboard_url that was announced",
    requirement: "dashboard_url of a fetched instance, when present, is a string and the last one announced.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, compareDashboard, UNSTATED),
  }),
  probe({
    id: "metadata-attributes-fetch-updated",
    title: "A fetched instance has the attributes of its provision",
    requirement:
      "Attributes of an instance's metadata change only with the instance; changed ones show in later fetches.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, compareAttributes, UNSTATED),
  }),
];
