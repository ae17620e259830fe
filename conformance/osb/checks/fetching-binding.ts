import { sameJson } from "../../http/json.ts";
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

function sameWithHints({ fetchedBindings, fetchedBindingWithHints }: Life): Outcome | undefined {
  const [fetched] = fetchedBindings;
  if (fetched === undefined || fetchedBindingWithHints === undefined) return undefined;
  const evidence = [fetched, fetchedBindingWithHints];
  const isSame =
    fetched.status === fetchedBindingWithHints.status && sameJson(fetched.json, fetchedBindingWithHints.json);
  return isSame
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
