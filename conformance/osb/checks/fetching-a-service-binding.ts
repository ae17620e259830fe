import { sameJson } from "../../client/http/json.ts";
import { bodyOf } from "../../client/http/observation.ts";
import type { Answer } from "../../client/answer.ts";
import { fail, followsFrom, type Outcome, pass } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";
import { type OsbCheck, probe, review } from "../define.ts";
import { expectStatus, seenOf } from "../judge.ts";
import {
  isCredentialService,
  isDone,
  isPresent,
  judgeBindingMetadata,
  PERMISSIONS,
  requirePermission,
} from "../judging/binding-answers.ts";
import { judgeFetchGone, judgeFetchUnknown } from "../judging/absence.ts";
import { judgeLifecycles } from "../judging/lifecycles.ts";
import { BINDING_RETRIEVABLE } from "../plan-requirements.ts";
import { onUnlikeAsyncPlans } from "../sequences/asynchronous-plans.ts";
import { flightOfBind } from "../sequences/flights/bind.ts";
import { judgeMeanwhile } from "../sequences/flights/flight.ts";
import { leftBy, type Lifecycle, lifecycleOf } from "../sequences/lifecycles.ts";
import { unlessAlso } from "./removal.ts";

function judgeFetchedCredentials(lifecycle: Lifecycle): Outcome | undefined {
  const [bind, fetched] = [lifecycle.binds[0]?.answer, lifecycle.fetchedBindings[0]];
  if (!isCredentialService(lifecycle) || bind?.status !== 202 || fetched?.status !== 200) return undefined;
  return isPresent(bodyOf(fetched)["credentials"])
    ? pass(bind, fetched)
    : fail("credentials in the first fetch", "none", bind, fetched);
}

function compareFetchedCredentials({ binds, fetchedBindings }: Lifecycle): Outcome | undefined {
  const [bind, fetched] = [binds[0]?.answer, fetchedBindings[0]];
  if (bind === undefined || !isDone(bind) || fetched?.status !== 200) return undefined;
  const [given, later] = [bodyOf(bind)["credentials"], bodyOf(fetched)["credentials"]];
  if (!isPresent(given) || !isPresent(later)) return undefined;
  return sameJson(given, later) ? pass(bind, fetched) : fail("the credentials of the 201", "other ones", bind, fetched);
}

/** Why a check of what is fetched does not apply although a binding was reached. */
const FETCHED = { unmet: BINDING_RETRIEVABLE.unmet, plan: BINDING_RETRIEVABLE } as const;

function judgeFetchedUnbound(lifecycle: Lifecycle): Outcome | undefined {
  const { unbind, fetchedUnbound, fetchedBindings, controls } = lifecycle;
  if (unbind === undefined || fetchedUnbound === undefined) return undefined;
  return judgeFetchGone({
    kind: "binding",
    live: fetchedBindings[1],
    unknown: controls.fetchBinding,
    deletion: unbind.answer,
    fetched: fetchedUnbound,
    again: controls.unbindAgain,
  });
}

async function fetchBindingOfUnknownInstance(context: OsbContext): Promise<Outcome> {
  const offer = context.offer(BINDING_RETRIEVABLE);
  const ids = { instanceId: context.platform.newId(), bindingId: context.platform.newId() };
  const answer = await context.platform.send("fetch-binding", { ...ids, intent: "bad" });
  const { controls, fetchedBindings } = await lifecycleOf(context.shared, offer);
  const [fetched] = fetchedBindings;
  const outcome = judgeFetchUnknown(answer, fetched, "fetch-binding-supported") ?? expectStatus(answer, [404]);
  return outcome.followsFrom === undefined
    ? unlessAlso(outcome, answer, controls.fetchBinding, "fetch-binding-404-unknown")
    : outcome;
}

/** What a platform learns from a binding; a broker may return it only once. */
const RETURNED_ONCE = ["credentials", "syslog_drain_url", "route_service_url", "volume_mounts", "endpoints"];

function isSameDescription(first: Answer, second: Answer): boolean {
  const [before, after] = [bodyOf(first), bodyOf(second)];
  const omitted = RETURNED_ONCE.filter((name) => !(name in after));
  const rest = Object.fromEntries(Object.entries(before).filter(([name]) => !omitted.includes(name)));
  return first.status === second.status && sameJson(rest, after);
}

function compareBindingWithHints({ fetchedBindings, fetchedBindingWithHints }: Lifecycle): Outcome | undefined {
  const [fetched] = fetchedBindings;
  if (fetched === undefined || fetchedBindingWithHints === undefined) return undefined;
  if (fetched.status !== 200)
    return followsFrom("fetch-binding-supported", `without the hints it is answered ${seenOf(fetched)}`, fetched);
  const evidence = [fetched, fetchedBindingWithHints];
  return isSameDescription(fetched, fetchedBindingWithHints)
    ? pass(...evidence)
    : fail("the same answer with and without the hints", "two different ones", ...evidence);
}

/** Checks of spec.md, "Fetching a Service Binding". */
export const fetchingBindingChecks: readonly OsbCheck[] = [
  probe({
    id: "fetch-binding-credentials-after-async",
    title: "The fetch after an asynchronous bind has credentials",
    requirement: "A broker that generates credentials returns them in the first fetch after an asynchronous bind.",
    needs: { instances: 0 },
    run: (context) =>
      judgeLifecycles(context, judgeFetchedCredentials, {
        unmet: "no bind for credentials was answered 202 and then fetched",
        plan: BINDING_RETRIEVABLE,
        stage: "bind",
      }),
  }),
  probe({
    id: "fetch-binding-credentials-same",
    title: "A fetched binding has the credentials of its 201",
    requirement:
      "A fetch describes the existing binding: credentials that it returns are those that the bind returned.",
    clauses: ["fetch-binding-credentials-object"],
    needs: { instances: 0 },
    run: (context) =>
      judgeLifecycles(context, compareFetchedCredentials, {
        unmet: "no credentials were both returned by a bind and fetched",
        plan: BINDING_RETRIEVABLE,
        stage: "bind",
      }),
  }),
  review({
    id: "fetch-binding-metadata-no-connection-data",
    title: "The metadata of a fetched binding has nothing that is needed to connect",
    requirement: "Binding metadata should hold nothing that an application needs to connect.",
    run: judgeBindingMetadata("fetch-binding"),
  }),
  review({
    id: "fetch-binding-permissions-declared",
    title: "A fetched binding has only what its offering may return",
    requirement: "syslog_drain_url, route_service_url, volume_mounts appear only with the declared permission.",
    run: requirePermission(["fetch-binding"], PERMISSIONS),
  }),
  probe({
    id: "fetch-binding-supported",
    title: "A binding can be fetched as soon as it exists",
    requirement:
      "With bindings_retrievable the endpoint works for every plan, immediately after the bind has succeeded.",
    clauses: [
      "fetch-binding-supported",
      "fetch-binding-immediately-after-success",
      "lastop-binding-fetch-after-success",
    ],
    needs: { instances: 0 },
    run: (context) =>
      judgeLifecycles(
        context,
        (lifecycle) => {
          const [fetched] = lifecycle.fetchedBindings;
          return fetched ? expectStatus(fetched, [200]) : leftBy(lifecycle, "fetch-binding");
        },
        { ...FETCHED, stage: "bind" },
      ),
  }),
  probe({
    id: "fetch-binding-404-unknown",
    title: "Fetching an unknown binding is answered 404",
    requirement: "A binding that does not exist is answered 404.",
    needs: { instances: 0 },
    run: (context) =>
      judgeLifecycles(
        context,
        ({ controls, fetchedBindings: [fetched] }) =>
          judgeFetchUnknown(controls.fetchBinding, fetched, "fetch-binding-supported"),
        FETCHED,
      ),
  }),
  probe({
    id: "fetch-binding-404-unknown-instance",
    title: "Fetching a binding of an unknown instance is answered 404",
    requirement: "A binding of an instance that does not exist is answered 404.",
    needs: { instances: 0 },
    run: fetchBindingOfUnknownInstance,
  }),
  probe({
    id: "fetch-binding-404-while-in-progress",
    title: "Fetching a binding while it is made is answered 404",
    requirement: "While the bind is in progress the binding is answered 404.",
    needs: { exclusive: true },
    run: async (context) => {
      context.offer(BINDING_RETRIEVABLE);
      return onUnlikeAsyncPlans(context, "bind", async ({ shared }, offer) =>
        judgeMeanwhile(await flightOfBind(shared, offer), "fetched", (answer) => expectStatus(answer, [404])),
      );
    },
  }),
  probe({
    id: "fetch-binding-404-after-unbind",
    title: "Fetching a removed binding is answered 404",
    requirement: "Once unbinding has finished the binding is answered 404.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, judgeFetchedUnbound, { ...FETCHED, stage: "unbind" }),
  }),
  probe({
    id: "fetch-binding-query-hints-optional",
    title: "service_id and plan_id make no difference when a binding is fetched",
    requirement: "service_id and plan_id may be given as hints when a binding is fetched, and are optional.",
    needs: { instances: 0 },
    run: (context) => judgeLifecycles(context, compareBindingWithHints, { ...FETCHED, stage: "bind" }),
  }),
];
