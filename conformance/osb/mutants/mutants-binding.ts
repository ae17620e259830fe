import { isObject, type JsonObject } from "../../client/http/json.ts";
import type { Operation } from "../../client/answer.ts";
import { alter, body, drop, instead, is, type Middleware, type Mutant, mutant, pretend, rewrite, sentOf, set, status, type When } from "./mutant.ts";
import { filled, passingOver, resent } from "./rewriting.ts";
import { all, hasUnknown, isNotJson, lacks, not, requiring } from "./when.ts";

const PUT: readonly Operation[] = ["bind"];
const TOLD: readonly Operation[] = ["bind", "fetch-binding"];
const later = { mode: "async" } as const;

const isDone = (at: number): boolean => at === 200 || at === 201;

/** The binding of a service that generates credentials, wherever it is told. */
const ofCredentials = (change: (it: JsonObject) => JsonObject, operations = TOLD): Middleware =>
  alter(
    operations,
    isDone,
    body((it) => (it["credentials"] === undefined ? it : change(it))),
  );

/** The metadata of a binding, wherever it is told. */
const ofMetadata = (change: JsonObject, operations = TOLD): Middleware =>
  ofCredentials(
    (it) => ({ ...it, metadata: { ...(isObject(it["metadata"]) ? it["metadata"] : {}), ...change } }),
    operations,
  );

/** A plan that is not the one of the instance's request, taken for it. */
const guessed: Middleware = rewrite(
  PUT,
  (request, memory) => hasUnknown.service_id(request, memory) || hasUnknown.plan_id(request, memory),
  (request, memory) => {
    const own = memory.asked.get(request.path.slice(0, 3).join("/"));
    return resent(request, {
      ...sentOf(request),
      service_id: own?.["service_id"] ?? "",
      plan_id: own?.["plan_id"] ?? "",
    });
  },
);

const withoutApp: When = all(lacks("bind_resource"), lacks("predecessor_binding_id"), not(isNotJson));
const appMissing = { description: "Only applications can be bound." };

const mount = {
  driver: "nfs",
  container_dir: "/data",
  mode: "rw",
  device_type: "shared",
  device: { volume_id: "1" },
};

/** Adds a member to bindings whose offering has not the permission for it. */
const unasked = (permission: string, member: string, value: string | readonly JsonObject[]): Middleware =>
  alter(PUT, isDone, set(member, value), not(requiring(permission)));

const information: readonly Mutant[] = [
  mutant(
    "bind-info-returned-once",
    "Neither the bind nor a fetch tells the credentials.",
    alter(TOLD, isDone, drop("credentials")),
    { also: ["bind-credentials-required"] },
  ),
  mutant(
    "bind-credentials-required",
    "Credentials are only told when a binding is fetched.",
    alter(PUT, isDone, drop("credentials")),
  ),
  mutant("bind-endpoints-provided", "Credentials come without endpoints.", alter(TOLD, isDone, drop("endpoints"))),
  mutant(
    "bind-credentials-unique",
    "All bindings share one user.",
    ofCredentials((it) => ({ ...it, credentials: { username: "all", password: "same", host: "db.example.com" } })),
  ),
  mutant(
    "bind-hosts-and-ports-provided",
    "The endpoints name another host than the credentials.",
    ofCredentials((it) => ({ ...it, endpoints: [{ host: "replica.example.com", ports: ["5432"] }] })),
  ),
  mutant(
    "bind-syslog-drain-url-required",
    "A service that drains logs tells the URL among its credentials.",
    alter(
      TOLD,
      isDone,
      body(({ syslog_drain_url: url = "", ...rest }) => ({ ...rest, credentials: { drain: url }, endpoints: [] })),
      requiring("syslog_drain"),
    ),
  ),
  mutant(
    "bind-volume-mounts-required",
    "A service that mounts volumes has none to mount.",
    alter(TOLD, isDone, set("volume_mounts", []), requiring("volume_mount")),
  ),
  mutant(
    "bind-route-service-url-required",
    "A route service has an empty route_service_url.",
    alter(TOLD, isDone, set("route_service_url", ""), requiring("route_forwarding")),
    { also: ["bind-route-service-url-*", "broker-well-formed-success-bodies"] },
  ),
  mutant(
    "bind-202-no-credentials",
    "The 202 has the credentials already.",
    alter(PUT, is(202), set("credentials", { password: "early" })),
    { ...later, also: ["rotation-response-as-bind", "bind-identical-same-credentials"] },
  ),
  mutant(
    "bind-metadata-no-connection-data",
    "The metadata of a binding has the password.",
    ofMetadata({ password: "secret" }, PUT),
  ),
  mutant(
    "bind-syslog-drain-declared",
    "A database sends a syslog_drain_url that the offering did not ask for.",
    unasked("syslog_drain", "syslog_drain_url", "syslog://logs.example.com"),
  ),
  mutant(
    "bind-route-service-declared",
    "A database sends a route_service_url that the offering did not ask for.",
    unasked("route_forwarding", "route_service_url", "https://proxy.example.com/"),
  ),
  mutant(
    "bind-volume-mounts-declared",
    "A database sends volume mounts that the offering did not ask for.",
    unasked("volume_mount", "volume_mounts", [mount]),
  ),
  mutant(
    "binding-expires-at-future",
    "A new binding has expired long ago.",
    ofMetadata({ expires_at: "2001-01-02T03:04:05.0Z", renew_before: "2001-01-01T03:04:05.0Z" }),
  ),
  mutant(
    "binding-renew-before-not-after-expiry",
    "A binding is to be renewed after it has expired.",
    ofMetadata({ renew_before: "2999-02-01T03:04:05.0Z" }),
  ),
  mutant(
    "binding-renew-window",
    "A binding is to be renewed in the moment in which it expires.",
    ofMetadata({ renew_before: "2999-01-02T03:04:05.0Z" }),
  ),
];

const requests: readonly Mutant[] = [
  mutant(
    "bind-missing-service-id-400",
    "When it binds: a missing service_id is guessed.",
    rewrite(PUT, lacks("service_id"), filled("service_id")),
  ),
  mutant(
    "bind-missing-plan-id-400",
    "A missing plan_id is guessed.",
    rewrite(PUT, lacks("plan_id"), filled("plan_id")),
  ),
  mutant(
    "bind-malformed-400",
    "When it binds: it falls over (500) on a body that is not a JSON object.",
    pretend(PUT, isNotJson, 500, { error: "Crashed", description: "A null pointer." }),
    { also: ["error-appropriate-status"] },
  ),
  mutant("bind-invalid-service-or-plan", "It does not look at service_id and plan_id.", guessed),
  mutant(
    "bind-parameters-validated",
    "When it binds: parameters that do not fit the schema are passed over.",
    passingOver(PUT, "bind"),
  ),
  mutant(
    "bind-unknown-instance",
    "It binds to instances that it does not know.",
    alter(PUT, is(404), instead(201, { credentials: { password: "of nothing" } })),
  ),
  mutant(
    "bind-requires-app-422",
    "It needs an application, and answers 400 when there is none.",
    pretend(PUT, withoutApp, 400, { error: "RequiresApp", ...appMissing }),
  ),
  mutant(
    "bind-requires-app-error-code",
    "It needs an application, and says so with an error code of its own.",
    pretend(PUT, withoutApp, 422, { error: "NoApplication", ...appMissing }),
  ),
  mutant("bind-201", "A new binding is answered 200.", alter(PUT, is(201), status(200)), {
    also: [
      "minor-version-fields-ignored",
      "originating-identity-accepted",
      "vendor-request-fields-do-not-halt",
      "context-accepted",
      "rotation-*",
    ],
  }),
  mutant("bind-identical-200", "The same bind again is a conflict: 409.", alter(PUT, is(200), status(409))),
  mutant(
    "bind-identical-200-2-12",
    "The same bind again is a conflict in 2.13: 409.",
    alter(PUT, is(200), status(409)),
    {
      minor: 13,
    },
  ),
  mutant(
    "bind-identical-same-credentials",
    "The same request again makes a new password.",
    alter(PUT, is(200), set("credentials", { password: "a new one" })),
  ),
  mutant(
    "bind-conflict-409",
    "It goes by the id alone: a request with other parameters is taken for a repeat.",
    alter(PUT, is(409), instead(200)),
  ),
];

export const bindingMutants: readonly Mutant[] = [...information, ...requests];
