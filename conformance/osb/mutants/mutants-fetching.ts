import { isBindable } from "../../client/catalog.ts";
import type { Operation } from "../../client/answer.ts";
import { alter, body, drop, instead, is, type Middleware, type Mutant, mutant, refuse, set, status } from "./mutant.ts";
import { all, asks, isCreating, isGone, isInstanceKnown, isKnown, isPending, isUpdating, not, offerOf, ofPlan, requiring } from "./when.ts";

const later = { mode: "async" } as const;
const INSTANCE: readonly Operation[] = ["fetch-instance"];
const BINDING: readonly Operation[] = ["fetch-binding"];
const isStranger = not((request, memory) => isKnown(request, memory) || isPending(request, memory));

/** Tells the id of the first plan for plans that cannot be bound. */
const oneForAll: Middleware = alter(
  INSTANCE,
  is(200),
  body((it, request, memory) => ({ ...it, plan_id: offerOf(request, memory)?.service.plans[0]?.id ?? "" })),
  ofPlan((offer) => !isBindable(offer)),
);

const fetchingInstance: readonly Mutant[] = [
  mutant(
    "fetch-instance-supported",
    "Instances of a plan that cannot be bound cannot be fetched either: 404.",
    alter(
      INSTANCE,
      is(200),
      instead(404),
      ofPlan((offer) => !isBindable(offer)),
    ),
  ),
  mutant(
    "fetch-instance-404-unknown",
    "Unknown instances are gone: 410.",
    alter(INSTANCE, is(404), status(410), isStranger),
  ),
  mutant(
    "fetch-instance-404-while-provisioning",
    "An instance can be fetched before it is ready.",
    alter(INSTANCE, is(404), instead(200), isCreating),
    later,
  ),
  mutant(
    "fetch-instance-404-after-delete",
    "A deleted instance is gone: 410.",
    alter(INSTANCE, is(404), status(410), isGone),
  ),
  mutant(
    "fetch-instance-422-while-updating",
    "An instance cannot be found while it is updated: 404.",
    alter(INSTANCE, is(422), status(404), isUpdating),
    later,
  ),
  mutant(
    "fetch-instance-query-hints-optional",
    "It refuses query parameters that it does not need when an instance is fetched.",
    refuse(INSTANCE, asks("service_id")),
  ),
  mutant(
    "fetch-instance-service-id",
    "service_id holds the name of the offering.",
    alter(
      INSTANCE,
      is(200),
      body((it, request, memory) => ({ ...it, service_id: offerOf(request, memory)?.service.name ?? "" })),
    ),
  ),
  mutant("fetch-instance-plan-id", "A plan that cannot be bound is told as the first of its offering.", oneForAll),
  mutant(
    "fetch-instance-dashboard-url",
    "dashboard_url has another token when it is fetched.",
    alter(
      INSTANCE,
      is(200),
      body((it) => ({ ...it, dashboard_url: `${it["dashboard_url"] as string}?token=1` })),
    ),
  ),
  mutant(
    "metadata-attributes-fetch-updated",
    "The attributes of the metadata change between provision and fetch.",
    alter(INSTANCE, is(200), set("metadata", { attributes: { nodes: 7 } })),
  ),
];

const fetchingBinding: readonly Mutant[] = [
  mutant(
    "fetch-binding-supported",
    "Bindings that drain logs cannot be fetched.",
    alter(BINDING, is(200), instead(404), requiring("syslog_drain")),
    { also: ["unbind-leaves-other-bindings"] },
  ),
  mutant(
    "fetch-binding-404-unknown",
    "Unknown bindings are gone: 410.",
    alter(BINDING, is(404), status(410), all(isStranger, isInstanceKnown)),
  ),
  mutant(
    "fetch-binding-404-unknown-instance",
    "It falls over (500) on the binding of an instance that it does not know.",
    alter(BINDING, is(404), status(500), not(isInstanceKnown)),
    { also: ["error-appropriate-status"] },
  ),
  mutant(
    "fetch-binding-404-while-in-progress",
    "A binding can be fetched before it is ready.",
    alter(BINDING, is(404), instead(200), isCreating),
    later,
  ),
  mutant(
    "fetch-binding-404-after-unbind",
    "A removed binding is gone: 410.",
    alter(BINDING, is(404), status(410), isGone),
  ),
  mutant(
    "fetch-binding-query-hints-optional",
    "It refuses query parameters that it does not need when a binding is fetched.",
    refuse(BINDING, asks("service_id")),
  ),
  mutant(
    "fetch-binding-credentials-after-async",
    "Credentials are only in the answer of a synchronous bind: a fetch leaves them out.",
    alter(BINDING, is(200), drop("credentials")),
    { ...later, also: ["bind-info-returned-once"] },
  ),
  mutant(
    "fetch-binding-credentials-same",
    "Fetched credentials have the password masked.",
    alter(
      BINDING,
      is(200),
      body((it) => (it["credentials"] === undefined ? it : { ...it, credentials: { password: "****" } })),
    ),
  ),
  mutant(
    "fetch-binding-permissions-declared",
    "A fetched binding has a syslog_drain_url that the offering did not ask for.",
    alter(BINDING, is(200), set("syslog_drain_url", "syslog://logs.example.com"), not(requiring("syslog_drain"))),
  ),
  mutant(
    "fetch-binding-metadata-no-connection-data",
    "The metadata of a fetched binding has the password.",
    alter(BINDING, is(200), set("metadata", { password: "secret" })),
  ),
];

/** Defects of GET. */
export const fetchingMutants: readonly Mutant[] = [...fetchingInstance, ...fetchingBinding];
