import { describe, expect, it } from "vitest";
import type { Verdict } from "../runner/events.ts";
import { isArray, isObject, type Json, type JsonObject, stringOf } from "../client/http/json.ts";
import type { Operation } from "../client/answer.ts";
import { certify } from "../runner/certify.ts";
import { createMemoryBroker } from "./memory-broker/broker.ts";
import { MEMORY_CATALOG } from "./memory-broker/catalog.ts";
import { asTransport, jsonOf, reply, type WireResponse } from "./memory-broker/http.ts";
import type { BrokerMode } from "./memory-broker/mode.ts";
import { body, drop, header, instead, is, set, status, success } from "./mutants/changes.ts";
import {
  all,
  isAuthorized,
  isCreating,
  isGone,
  isInstanceCreating,
  isNotJson,
  isPending,
  isRemoving,
  isUpdating,
  lacks,
  not,
  sends,
} from "./mutants/conditions.ts";
import { alter, combine, pretend, refuse, type When } from "./mutants/middleware.ts";
import { ENDPOINTS, operationOf, sentOf } from "./mutants/operations.ts";
import { stopAtOnce } from "./mutants/removal.ts";
import { type Middleware, mutate } from "./mutants/traffic.ts";
import { eventClock } from "../selftest/event-clock.ts";
import { sliceOf } from "../../scripts/tests/slice.ts";
import { osbSuite } from "./suite.ts";
import type { SpecMinor } from "../client/spec-version.ts";

/** A broker that is right, though it does things in its own way. */
interface Unusual {
  readonly name: string;
  readonly middleware?: Middleware;
  readonly modes?: readonly BrokerMode[];
  readonly minors?: readonly SpecMinor[];
  readonly catalog?: JsonObject;
  /** What it neglects of that which it should do. */
  readonly warnings?: readonly string[];
}

const isError = (status: number): boolean => status >= 400;
const deletions: readonly Operation[] = ["deprovision", "unbind"];
const polls: readonly Operation[] = ["poll-instance", "poll-binding"];
const changes: readonly Operation[] = ["provision", "update", "deprovision", "bind", "unbind"];
const PRESCRIBED = ["AsyncRequired", "ConcurrencyError", "RequiresApp", "MaintenanceInfoConflict"];

/** Where each member has a meaning of its own: a schema, a currency, a label. */
const CLOSED = ["schemas", "costs", "labels"];

/** The value with a member of the vendor's own in each object. */
function extend(value: Json): Json {
  if (isArray(value)) return value.map(extend);
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(
    ([name, item]) => [name, CLOSED.includes(name) ? item : extend(item)] as const,
  );
  return { ...Object.fromEntries(members), "acme.example/note": { a: [1, null] } };
}

const rewritten =
  (write: (value: JsonObject) => string) =>
  (response: WireResponse): WireResponse =>
    response.text === "" ? response : { ...response, text: write(jsonOf(response)) };

/** Errors say no more than they have to. */
const tersely = (write: (response: WireResponse, code: string | undefined) => WireResponse): Middleware =>
  alter(ENDPOINTS, isError, (response) => {
    const code = stringOf(jsonOf(response)["error"]);
    return write(response, code !== undefined && PRESCRIBED.includes(code) ? code : undefined);
  });

/** A deletion ends in this status of the poll. */
const endsWith = (status: number): Middleware =>
  alter(
    polls,
    is(200),
    (response, request, memory) =>
      jsonOf(response)["state"] === "succeeded" ? instead(status)(response, request, memory) : response,
    isRemoving,
  );

/** One operation string for everything, so that polls cannot say which is meant. */
const oneOperation: Middleware = async (request, next, memory) => {
  const { operation, ...query } = request.query;
  const response = await next(operation === "work" ? { ...request, query } : request);
  return jsonOf(response)["operation"] === undefined ? response : set("operation", "work")(response, request, memory);
};

/** No operation at all. */
const noOperation: Middleware = alter(changes, is(202), drop("operation"));
const nullOperation: Middleware = alter(
  ["provision", "bind", "deprovision", "unbind"],
  is(202),
  set("operation", null),
);

const noDashboard: Middleware = combine(
  alter(["provision", "update"], success, set("dashboard_url", null)),
  alter(["fetch-instance"], success, drop("dashboard_url")),
);

/** Whatever is requested while something else is in progress is queued. */
const queueing: Middleware = alter(
  ["update", "bind", "deprovision"],
  is(422),
  (response, request, memory) => {
    const isBusy = jsonOf(response)["error"] === "ConcurrencyError";
    return isBusy ? instead(202, { operation: "queued-1" })(response, request, memory) : response;
  },
  (request, memory) => isInstanceCreating(request, memory) || isUpdating(request, memory),
);

/** Credentials are returned once: with the 201, or at the first fetch. */
const oncePerBinding: Middleware = async (request, next, memory) => {
  const operation = operationOf(request);
  const response = await next(request);
  if ((operation !== "bind" && operation !== "fetch-binding") || jsonOf(response)["credentials"] === undefined)
    return response;
  const key = `returned ${request.path.join("/")}`;
  const isKnown = memory.facts.has(key);
  memory.facts.set(key, true);
  if (!isKnown) return response;
  return drop("endpoints")(drop("credentials")(response, request, memory), request, memory);
};

const plainCatalog: JsonObject = {
  services: [
    {
      id: "5f0b4c8e-3333-4000-8000-000000000001",
      name: "acme.mail",
      description: "No flags at all",
      bindable: true,
      plans: [{ id: "5f0b4c8e-3333-4000-8000-000000000000", name: "small.v2", description: "The only plan" }],
    },
  ],
};

const withoutBinding: JsonObject = {
  services: [
    {
      id: "5f0b4c8e-3333-4000-8000-000000000004",
      name: "acme-site",
      description: "Nothing to bind",
      bindable: false,
      plans: [
        { id: "5f0b4c8e-3333-4000-8000-000000000002", name: "s", description: "Small", bindable: false },
        { id: "5f0b4c8e-3333-4000-8000-000000000003", name: "m", description: "Medium", bindable: false },
      ],
    },
  ],
};

/** Does these at once, whatever takes time otherwise. */
function atOnce(operations: readonly Operation[]): Middleware {
  return async (request, next, memory) => {
    const response = await next(request);
    if (!operations.includes(operationOf(request)) || response.status !== 202) return response;
    const get = (path: readonly string[]) => next({ ...request, method: "GET", path, query: {}, text: "" });
    while (isPending(request, memory)) await get([...request.path, "last_operation"]);
    if (request.method !== "PUT") return instead(200)(response, request, memory);
    return instead(201, jsonOf(await get(request.path)))(response, request, memory);
  };
}

/** Answers each 23rd request with 429. */
function throttling(): Middleware {
  let requests = 0;
  return (request, next) =>
    ++requests % 23 === 0
      ? Promise.resolve(reply(429, { description: "Slow down." }, { "retry-after": "1" }))
      : next(request);
}

/** Deletes an instance only when its bindings are gone. */
const unbindFirst: Middleware = async (request, next, memory) => {
  const prefix = `${request.path.join("/")}/`;
  const isBinding = (key: string) => key.startsWith(prefix) && !memory.gone.has(key);
  const isBound = [...memory.known, ...memory.pending.keys()].some(isBinding);
  return operationOf(request) === "deprovision" && isBound && isAuthorized(request, memory)
    ? reply(400, { error: "HasBindings", description: "Unbind first." })
    : next(request);
};

const html = { "content-type": "text/html", server: "a proxy" };

/** What a server says about a route that it does not know. */
const noRoute =
  (code: number): ((response: WireResponse) => WireResponse) =>
  ({ headers }) => ({ status: code, headers: { ...headers, ...html }, text: "<h1>No such page</h1>" });

/** The server in front lets no id through that has a slash in it. */
const strictPaths: Middleware = async (request, next, memory) => {
  const response = await next(request);
  const isOdd = request.path.some((part) => part.includes("/"));
  return isOdd && isAuthorized(request, memory) ? noRoute(400)(response) : response;
};

/** Of an instance that was deleted it says that there is no such thing, as of any other, in a status of its own. */
const forgets = (status: number): Middleware => {
  const reported = new Set<string>();
  return async (request, next, memory) => {
    const response = await next(request);
    const isPoll = polls.includes(operationOf(request) ?? "catalog");
    if (!isPoll || response.status !== 410 || !isGone(request, memory)) return response;
    const key = request.path.join("/");
    if (reported.has(key)) return reply(status, { description: "There is no such thing." }, response.headers);
    reported.add(key);
    return response;
  };
};

const isNewer: When = (request, memory) =>
  isAuthorized(request, memory) && /^2\.1[5-9]$/.test(request.headers["x-broker-api-version"] ?? "");

const VERSION = "x-broker-api-version";
const namesNoVersion: When = (request, memory) =>
  isAuthorized(request, memory) && request.headers[VERSION] === undefined;

/** Takes a platform that names no version for one of the newest, whatever it asks or in the catalog alone. */
const assuming =
  (isServed: (operation: Operation | undefined) => boolean): Middleware =>
  (request, next, memory) =>
    namesNoVersion(request, memory) && isServed(operationOf(request))
      ? next({ ...request, headers: { ...request.headers, [VERSION]: "2.17" } })
      : next(request);

const isUnauthorized: When = not(isAuthorized);

/** The members of requests, by the version that introduced them. */
const MEMBERS_SINCE: Readonly<Record<string, number>> = {
  "provision.context": 12,
  "update.context": 12,
  "bind.context": 13,
  "provision.maintenance_info": 15,
  "update.maintenance_info": 15,
  "bind.predecessor_binding_id": 17,
};

/** Whether the request has a member or a flag that its version does not know; members of 2.17 are left to the version policy. */
const sendsUnknown: When = (request) => {
  const minor = Number(request.headers[VERSION]?.split(".")[1]);
  const operation = operationOf(request);
  const isFlagged = minor < 14 && ["bind", "unbind"].includes(operation) && "accepts_incomplete" in request.query;
  return isFlagged || Object.keys(sentOf(request)).some((name) => (MEMBERS_SINCE[`${operation}.${name}`] ?? 0) > minor);
};

const BROKERS: readonly Unusual[] = [
  {
    name: "has members of its own in each object",
    middleware: alter(
      ENDPOINTS,
      () => true,
      rewritten((it) => JSON.stringify(extend(it))),
    ),
  },
  {
    name: "prints its JSON prettily",
    middleware: alter(
      ENDPOINTS,
      () => true,
      rewritten((it) => `\n ${JSON.stringify(it, null, 4)}\r\n`),
    ),
    minors: [12, 17],
  },
  {
    name: "names its character set",
    middleware: alter(ENDPOINTS, () => true, header("content-type", "Application/JSON; charset=UTF-8")),
  },
  {
    name: "has no descriptions in its errors",
    middleware: alter(ENDPOINTS, isError, drop("description")),
    warnings: ["api-version-unsupported-message", "update-unsupported-plan-message"],
  },
  {
    name: "has error codes only where they are prescribed",
    middleware: tersely((response, code) => ({
      ...response,
      text: JSON.stringify(code ? { error: code, description: "No." } : { description: "No." }),
    })),
    minors: [13, 17],
  },
  {
    name: "has no body in its errors where none is prescribed",
    middleware: tersely((response, code) => (code === undefined ? { ...response, text: "" } : response)),
    warnings: ["api-version-unsupported-message", "update-unsupported-plan-message"],
  },
  {
    name: "stands behind a proxy that answers unauthorized callers in HTML",
    middleware: async (request, next, memory) => {
      const response = await next(request);
      return isUnauthorized(request, memory) && response.status === 401
        ? { ...response, headers: { ...response.headers, ...html }, text: "<h1>401</h1>" }
        : response;
    },
    warnings: ["response-content-type-json"],
  },
  {
    name: "answers polls with more than the state",
    middleware: alter(
      polls,
      is(200),
      body((it) => ({ ...it, "acme-step": 3, "acme-of": 7 })),
    ),
    modes: ["async"],
  },
  {
    name: "answers polls with nothing but the state, and says no more when to come again",
    middleware: alter(polls, is(200), ({ status, text }) => ({
      status,
      headers: { "content-type": "application/json" },
      text: JSON.stringify({ state: jsonOf({ text })["state"] }),
    })),
    modes: ["async"],
    warnings: ["request-identity-echoed"],
  },
  {
    name: "says with a date when to poll again",
    middleware: alter(polls, is(200), header("retry-after", "Thu, 01 Jan 2026 00:00:05 GMT")),
    modes: ["async"],
    warnings: ["lastop-instance-retry-after-duration"],
  },
  {
    name: "wants polls to come seconds apart",
    middleware: alter(polls, is(200), header("retry-after", "3")),
    modes: ["async"],
  },
  { name: "ends deletions in 410", middleware: endsWith(410), modes: ["async", "mixed"], minors: [14, 17] },
  { name: "ends deletions in 404", middleware: endsWith(404), modes: ["async"] },
  { name: "has forgotten what it deleted", middleware: alter(polls, is(410), instead(404), isGone), modes: ["async"] },
  { name: "calls every operation the same", middleware: oneOperation, modes: ["async"], minors: [13, 17] },
  { name: "has no operation strings", middleware: noOperation, modes: ["async", "mixed"] },
  {
    name: "has null for an operation string and a dashboard",
    middleware: combine(nullOperation, noDashboard),
    modes: ["async", "mixed"],
    minors: [15, 17],
  },
  {
    name: "does one thing at a time, and says so even to a repeat",
    middleware: pretend(changes, isPending, 422, { error: "ConcurrencyError" }),
    modes: ["async"],
    warnings: changes.map((operation) => `${operation}-resent-while-in-progress-202`),
  },
  { name: "queues what it cannot do now", middleware: queueing, modes: ["async"] },
  {
    name: "stops at once what it has to delete",
    middleware: combine(stopAtOnce("deprovision", "failed"), stopAtOnce("unbind", "failed")),
    modes: ["async"],
  },
  {
    name: "refuses to delete what it is making",
    middleware: pretend(deletions, isCreating, 422, { error: "ConcurrencyError" }),
    modes: ["async"],
  },
  {
    name: "can be fetched while it is updated",
    middleware: alter(["fetch-instance"], is(422), instead(200), isUpdating),
    modes: ["async"],
  },
  {
    name: "needs an application for each binding",
    middleware: pretend(
      ["bind"],
      all(not(isNotJson), lacks("app_guid"), lacks("bind_resource"), lacks("predecessor_binding_id")),
      422,
      {
        error: "RequiresApp",
      },
    ),
  },
  {
    name: "takes the application from the deprecated app_guid alone",
    catalog: plainCatalog,
    middleware: pretend(["bind"], all(not(isNotJson), lacks("app_guid")), 422, { error: "RequiresApp" }),
    minors: [11, 14, 17],
  },
  {
    name: "refuses members that its version does not have",
    middleware: refuse(changes, sendsUnknown),
    modes: ["sync", "async"],
    minors: [11, 12, 13, 14, 15],
    warnings: [],
  },
  { name: "returns credentials once", middleware: oncePerBinding },
  { name: "withholds what instances were made of", middleware: alter(["fetch-instance"], is(200), instead(200)) },
  {
    name: "answers updates and deletions with an empty object",
    middleware: alter(["update", ...deletions], is(200), instead(200)),
  },
  {
    name: "binds at once, though its instances take time",
    middleware: atOnce(["bind", "unbind"]),
    modes: ["async"],
    minors: [14, 17],
  },
  { name: "updates at once, though all else takes time", middleware: atOnce(["update"]), modes: ["async"] },
  {
    name: "deletes at once, though all else takes time",
    middleware: combine(pretend(deletions, isCreating, 422, { error: "ConcurrencyError" }), atOnce(deletions)),
    modes: ["async"],
  },
  { name: "wants to be asked less often", middleware: throttling() },
  { name: "deletes an instance only when its bindings are gone", middleware: unbindFirst, modes: ["sync", "async"] },
  { name: "serves no newer version than its own", middleware: pretend(["catalog"], isNewer, 412), minors: [14] },
  { name: "serves whoever names no version", middleware: assuming(() => true), minors: [11, 16, 17] },
  {
    name: "shows its catalog to whoever names no version, and nothing else",
    middleware: assuming((operation) => operation === "catalog"),
    minors: [11, 16, 17],
  },
  ...[400, 412].map(
    (code): Unusual => ({
      name: `answers ${code} to whoever names no version`,
      middleware: alter(
        ["catalog"],
        isError,
        instead(code, { description: "Name a version from 2.11 to 2.17." }),
        namesNoVersion,
      ),
      minors: [11, 16, 17],
    }),
  ),
  {
    name: "makes 201 of each repeat",
    middleware: alter(["provision", "bind"], is(200), status(201)),
    warnings: ["provision-identical-200", "bind-identical-200"],
  },
  {
    name: "has no validators on its catalog",
    middleware: alter(["catalog"], is(200), ({ status, text }) => ({
      status,
      text,
      headers: { "content-type": "application/json" },
    })),
    warnings: ["request-identity-echoed"],
  },
  {
    name: "offers one plan and no flags",
    catalog: plainCatalog,
    modes: ["sync", "async", "mixed"],
    minors: [11, 14, 17],
    warnings: [],
  },
  ...[404, 405, 501].map(
    (code): Unusual => ({
      name: `offers no updates and answers ${code} to them in HTML`,
      catalog: plainCatalog,
      middleware: alter(["update"], () => true, noRoute(code), isAuthorized),
      modes: ["sync", "async"],
      minors: [11, 14, 17],
    }),
  ),
  {
    name: "offers no updates and refuses them whatever is in them",
    catalog: plainCatalog,
    middleware: alter(
      ["update"],
      () => true,
      instead(422, { description: "Instances stay as they are." }),
      isAuthorized,
    ),
    modes: ["sync", "async"],
    minors: [14, 17],
  },
  {
    name: "stands in a server that refuses slashes in ids, in HTML",
    middleware: strictPaths,
    modes: ["sync", "async"],
    minors: [13, 17],
  },
  {
    name: "refuses polls about what it has reported to be gone",
    middleware: combine(endsWith(410), forgets(400)),
    modes: ["async"],
    minors: [12, 15],
  },
  {
    name: "has an empty description where something is gone",
    middleware: alter([...polls, ...deletions], is(410), set("description", "")),
    modes: ["sync", "async"],
    minors: [15, 17],
  },
  {
    name: "binds to what is not on a network",
    middleware: combine(
      alter(["bind", "fetch-binding"], success, drop("endpoints")),
      alter(
        ["bind", "fetch-binding"],
        success,
        body((it) => {
          const { credentials } = it;
          return isObject(credentials)
            ? { ...it, credentials: { licence: "acme-1", key: credentials["password"] ?? "" } }
            : it;
        }),
      ),
    ),
    modes: ["sync", "async"],
  },
  { name: "offers nothing to bind", catalog: withoutBinding, modes: ["sync", "async"], minors: [12, 17] },
  { name: "offers nothing at all", catalog: { services: [] } },
];

/** Refuses requests without a parameter that no schema publishes. */
const demanding = (operation: Operation): Middleware =>
  refuse([operation], (request, memory) => {
    const { parameters } = sentOf(request);
    const isOrdinary = all(sends("plan_id"), lacks("predecessor_binding_id"))(request, memory);
    return isOrdinary && !(isObject(parameters) && "region" in parameters);
  });

const GIVEN = `
parameters:
  "*": { "*": { provision: { region: eu }, bind: { region: eu } } }
`;

interface Findings {
  readonly fail: readonly string[];
  readonly unknown: readonly string[];
  readonly warn: readonly string[];
}

async function findings(
  broker: Pick<Unusual, "middleware" | "catalog">,
  mode: BrokerMode,
  minor: SpecMinor = 17,
  file = "",
): Promise<Findings> {
  let ids = 0;
  const { handle, backend } = createMemoryBroker({ mode, catalog: broker.catalog ?? MEMORY_CATALOG });
  const { results, leftBehind } = await certify({
    url: "http://127.0.0.1:1",
    username: "drydock",
    password: "conformance",
    suites: [osbSuite],
    profile: `osb-2.${minor}`,
    transport: asTransport(mutate({ middleware: broker.middleware ?? ((request, next) => next(request)) }, handle)),
    backend,
    file,
    clock: eventClock(Date.UTC(2026, 0, 1)),
    newId: () => `5f0b4c8e-2222-4000-8000-${String(++ids).padStart(12, "0")}`,
  });
  expect(leftBehind).toEqual([]);
  const of = (wanted: Verdict) => results.filter(({ verdict }) => verdict === wanted);
  return {
    fail: of("fail").map(({ check, reason }) => `${check.id}: ${reason}`),
    unknown: of("unknown").map(({ check, reason }) => `${check.id}: ${reason}`),
    warn: of("warn").map(({ check }) => check.id),
  };
}

describe.each(BROKERS)("a broker that $name", (broker) => {
  const { modes = ["mixed"], minors = [17], warnings = [] } = broker;
  // Every mode at the newest version, and every version in the first mode: a broker's ways seldom meet in a pair of both.
  const runs = modes.flatMap((mode, at) =>
    (at === 0 ? minors : minors.slice(-1)).map((minor) => [mode, minor] as const),
  );
  // The others follow where a landing is judged: .ci/run.
  it.each(sliceOf(runs, 6))("is not accused (%s, 2.%i)", async (mode, minor) => {
    const { fail, unknown, warn } = await findings(broker, mode, minor);
    expect(fail).toEqual([]);
    expect(unknown).toEqual([]);
    expect(warn.toSorted()).toEqual(warnings.toSorted());
  });
});

describe.each(["provision", "bind"] as const)(
  "a broker whose %s needs a parameter that no schema publishes",
  (operation) => {
    const middleware = demanding(operation);

    it("is neither accused nor called conformant", async () => {
      const { fail, warn, unknown } = await findings({ middleware }, "mixed");
      expect(fail).toEqual([]);
      expect(warn).toEqual([]);
      expect(unknown).toContainEqual(expect.stringContaining("drydock.yml"));
    });

    it("is tested when drydock.yml has it", async () => {
      expect(await findings({ middleware }, "mixed", 17, GIVEN)).toEqual({ fail: [], warn: [], unknown: [] });
    });
  },
);
