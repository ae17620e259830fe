import { sameJson } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import { fail, type Outcome, pass } from "../../runner/check.ts";
import { BINDING_RETRIEVABLE, type OsbContext } from "../context.ts";
import { type OsbCheck, probe } from "../define.ts";
import { flightOfBind, inFlight } from "../in-flight.ts";
import { expectStatus } from "../judge.ts";
import type { Life } from "../stories.ts";
import { asyncBindOffer } from "./binding.ts";
import { eachLife } from "./provisioning.ts";

const none = { instances: 0 } as const;

async function unknownBinding(context: OsbContext): Promise<Outcome> {
  const live = await context.live(BINDING_RETRIEVABLE);
  const bindingId = context.platform.newId();
  return expectStatus(
    await context.platform.send("fetch-binding", { instanceId: live.id, bindingId, intent: "bad" }),
    [404],
  );
}

async function unknownInstance(context: OsbContext): Promise<Outcome> {
  context.offer(BINDING_RETRIEVABLE);
  const ids = { instanceId: context.platform.newId(), bindingId: context.platform.newId() };
  return expectStatus(await context.platform.send("fetch-binding", { ...ids, intent: "bad" }), [404]);
}

/** What a platform learns from a binding; a broker may tell it once only. */
const TOLD_ONCE = ["credentials", "syslog_drain_url", "route_service_url", "volume_mounts", "endpoints"];

function isRetold(first: Answer, second: Answer): boolean {
  const [before, after] = [bodyOf(first), bodyOf(second)];
  const omitted = TOLD_ONCE.filter((name) => !(name in after));
  const rest = Object.fromEntries(Object.entries(before).filter(([name]) => !omitted.includes(name)));
  return first.status === second.status && sameJson(rest, after);
}

function sameWithHints({ fetchedBindings, fetchedBindingWithHints }: Life): Outcome | undefined {
  const [fetched] = fetchedBindings;
  if (fetched === undefined || fetchedBindingWithHints === undefined) return undefined;
  const evidence = [fetched, fetchedBindingWithHints];
  return isRetold(fetched, fetchedBindingWithHints)
    ? pass(...evidence)
    : fail("the same answer with and without the hints", "two different ones", ...evidence);
}

export const fetchingBindingChecks: readonly OsbCheck[] = [
  probe(
    ["fetch-binding-supported", "fetch-binding-immediately-after-success", "lastop-binding-fetch-after-success"],
    (context) =>
      eachLife(context, ({ fetchedBindings: [fetched] }) => (fetched ? expectStatus(fetched, [200]) : undefined)),
    none,
  ),
  probe("fetch-binding-404-unknown", unknownBinding),
  probe("fetch-binding-404-unknown-instance", unknownInstance, none),
  probe(
    "fetch-binding-404-while-in-progress",
    async (context) => {
      context.offer(BINDING_RETRIEVABLE);
      const flight = await flightOfBind(context.shared, await asyncBindOffer(context));
      return inFlight(flight, "fetched", (answer) => expectStatus(answer, [404]));
    },
    { exclusive: true },
  ),
  probe(
    "fetch-binding-404-after-unbind",
    (context) =>
      eachLife(context, ({ fetchedUnbound }) => (fetchedUnbound ? expectStatus(fetchedUnbound, [404]) : undefined)),
    none,
  ),
  probe("fetch-binding-query-hints-optional", (context) => eachLife(context, sameWithHints), none),
];
