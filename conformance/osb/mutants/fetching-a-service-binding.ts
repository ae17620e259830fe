import type { Operation } from "../../client/answer.ts";
import { body, drop, instead, is, set, status } from "./changes.ts";
import { all, asks, isCreating, isGone, isInstanceKnown, isKnown, isPending, not, requiring } from "./conditions.ts";
import { alter, refuse } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";

const later = { mode: "async" } as const;

const BINDING: readonly Operation[] = ["fetch-binding"];

const isUnknownResource = not((request, memory) => isKnown(request, memory) || isPending(request, memory));

/** Planted defects for the checks of spec.md, "Fetching a Service Binding". */
export const fetchingBindingMutants: readonly Mutant[] = [
  mutant(
    "fetch-binding-supported",
    "Bindings that drain logs cannot be fetched.",
    alter(BINDING, is(200), instead(404), requiring("syslog_drain")),
    { also: ["unbind-leaves-other-bindings"] },
  ),
  mutant(
    "fetch-binding-404-unknown",
    "Unknown bindings are gone: 410.",
    alter(BINDING, is(404), status(410), all(isUnknownResource, isInstanceKnown)),
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
