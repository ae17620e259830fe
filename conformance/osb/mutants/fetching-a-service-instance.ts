import { stringOf } from "../../client/http/json.ts";
import type { Operation } from "../../client/answer.ts";
import { isBindable } from "../../client/catalog.ts";
import { body, instead, is, set, status } from "./changes.ts";
import { asks, isCreating, isGone, isKnown, isPending, isUpdating, not, offerOf, ofPlan } from "./conditions.ts";
import { alter, refuse } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";
import type { Middleware } from "./traffic.ts";

const later = { mode: "async" } as const;

const INSTANCE: readonly Operation[] = ["fetch-instance"];

const isUnknownResource = not((request, memory) => isKnown(request, memory) || isPending(request, memory));

/** Tells the id of the first plan for plans that cannot be bound. */
const nameFirstPlan: Middleware = alter(
  INSTANCE,
  is(200),
  body((it, request, memory) => ({ ...it, plan_id: offerOf(request, memory)?.service.plans[0]?.id ?? "" })),
  ofPlan((offer) => !isBindable(offer)),
);

/** Planted defects for the checks of spec.md, "Fetching a Service Instance". */
export const fetchingInstanceMutants: readonly Mutant[] = [
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
    alter(INSTANCE, is(404), status(410), isUnknownResource),
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
  mutant(
    "fetch-instance-plan-id",
    "A plan that cannot be bound is reported as the first of its offering.",
    nameFirstPlan,
  ),
  mutant(
    "fetch-instance-dashboard-url",
    "dashboard_url has another token when it is fetched.",
    alter(
      INSTANCE,
      is(200),
      body((it) => ({ ...it, dashboard_url: `${stringOf(it["dashboard_url"]) ?? ""}?token=1` })),
    ),
  ),
  mutant(
    "metadata-attributes-fetch-updated",
    "The attributes of the metadata change between provision and fetch.",
    alter(INSTANCE, is(200), set("metadata", { attributes: { nodes: 7 } })),
  ),
];
