import { isObject, sameJson, type Json } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import { fail, type Outcome, pass, warn } from "../../runner/check.ts";
import { type OsbContext, RETRIEVABLE, updatable } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { flightOfProvision, flightOfUpdate, inFlight } from "../in-flight.ts";
import { expectError, expectStatus } from "../judge.ts";
import type { Life } from "../stories.ts";
import { asyncOffer, eachLife } from "./provisioning.ts";
import { asyncUpdateOffer } from "./updating.ts";

async function unknownInstance(context: OsbContext): Promise<Outcome> {
  context.offer(RETRIEVABLE);
  const answer = await context.platform.send("fetch-instance", { instanceId: context.platform.newId(), intent: "bad" });
  return expectStatus(answer, [404]);
}

/** A member of what is fetched, where it is there, has this value. */
function memberIs(member: string, expected: (life: Life) => Json): (life: Life) => Outcome | undefined {
  return (life) => {
    const { fetched } = life;
    const seen = fetched?.status === 200 ? bodyOf(fetched)[member] : undefined;
    if (fetched === undefined || seen === undefined) return undefined;
    if (seen === expected(life)) return pass(fetched);
    return fail(
      `${member} to be ${JSON.stringify(expected(life))}`,
      JSON.stringify(seen),
      life.provision.answer,
      fetched,
    );
  };
}

function dashboardKept({ provision, fetched }: Life): Outcome | undefined {
  const seen = fetched?.status === 200 ? bodyOf(fetched)["dashboard_url"] : undefined;
  if (fetched === undefined || seen === undefined) return undefined;
  if (typeof seen !== "string") return fail("dashboard_url to be a string", JSON.stringify(seen), fetched);
  const announced = bodyOf(provision.answer)["dashboard_url"];
  if (typeof announced !== "string" || announced === seen) return pass(fetched);
  return warn("the dashboard_url that was announced", "another one", provision.answer, fetched);
}

function sameWithHints({ fetched, fetchedWithHints }: Life): Outcome | undefined {
  if (fetched === undefined || fetchedWithHints === undefined) return undefined;
  if (fetched.status === fetchedWithHints.status && sameJson(fetched.json, fetchedWithHints.json)) {
    return pass(fetched, fetchedWithHints);
  }
  return fail("the same answer with and without the hints", "two different ones", fetched, fetchedWithHints);
}

async function whileUpdating(context: OsbContext): Promise<Outcome> {
  context.offer(RETRIEVABLE, updatable(context.run));
  const flight = await flightOfUpdate(context.shared, await asyncUpdateOffer(context));
  return inFlight(flight, "fetched", (answer) =>
    answer.status === 422 ? expectError(answer, "ConcurrencyError") : expectStatus(answer, [200]),
  );
}

function attributesKept({ provision, fetched }: Life): Outcome | undefined {
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

const lives0 = { instances: 0 } as const;

export const fetchingInstanceChecks: readonly OsbCheck[] = [
  probe(
    ["fetch-instance-supported", "fetch-instance-immediately-after-success"],
    (context) => eachLife(context, ({ fetched }) => (fetched ? expectStatus(fetched, [200]) : undefined)),
    lives0,
  ),
  probe("fetch-instance-404-unknown", unknownInstance, lives0),
  probe(
    "fetch-instance-404-while-provisioning",
    async (context) => {
      context.offer(RETRIEVABLE);
      const flight = await flightOfProvision(context.shared, await asyncOffer(context));
      return inFlight(flight, "fetched", (answer) => expectStatus(answer, [404]));
    },
    { exclusive: true },
  ),
  probe(
    "fetch-instance-404-after-delete",
    (context) => eachLife(context, ({ fetchedGone }) => (fetchedGone ? expectStatus(fetchedGone, [404]) : undefined)),
    lives0,
  ),
  probe("fetch-instance-422-while-updating", whileUpdating, { exclusive: true }),
  probe("fetch-instance-query-hints-optional", (context) => eachLife(context, sameWithHints), lives0),
  probe(
    "fetch-instance-service-id",
    (context) =>
      eachLife(
        context,
        memberIs("service_id", ({ offer }) => offer.service.id),
      ),
    lives0,
  ),
  probe(
    "fetch-instance-plan-id",
    (context) =>
      eachLife(
        context,
        memberIs("plan_id", ({ offer }) => offer.plan.id),
      ),
    lives0,
  ),
  probe("fetch-instance-dashboard-url", (context) => eachLife(context, dashboardKept), lives0),
  probe("metadata-attributes-fetch-updated", (context) => eachLife(context, attributesKept), lives0),
];
