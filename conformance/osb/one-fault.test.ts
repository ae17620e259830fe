import { memoryBrokerUnderTest, runMutant } from "../selftest/broker-under-test.ts";
import { OSB_MUTANTS } from "./mutants/index.ts";
import { describe, expect, it } from "vitest";
import type { Operation } from "../client/answer.ts";
import { parseJson } from "../client/http/json.ts";
import { TransportError } from "../client/http/transport.ts";
import type { SpecMinor } from "../client/spec-version.ts";
import { certify } from "../runner/certify.ts";
import { createMemoryBroker } from "./memory-broker/broker.ts";
import { MEMORY_CATALOG } from "./memory-broker/catalog.ts";
import { asTransport, jsonOf, reply, type WireRequest } from "./memory-broker/http.ts";
import type { BrokerMode } from "./memory-broker/mode.ts";
import { instead, is, set, status, success } from "./mutants/changes.ts";
import { all, isAuthorized, isKnown, isPending, lacks, not, sends } from "./mutants/conditions.ts";
import { alter, combine, pretend, rewrite } from "./mutants/middleware.ts";
import { operationOf } from "./mutants/operations.ts";
import { type Middleware, mutate } from "./mutants/traffic.ts";
import { osbSuite } from "./suite.ts";

/** A broker with one fault, and the checks that report it. */
interface Faulty {
  readonly name: string;
  readonly middleware: Middleware;
  readonly mode?: BrokerMode;
  readonly minor?: SpecMinor;
  /** Nothing can be fetched, so deletions are the only means of looking. */
  readonly isUnfetchable?: boolean;
  /** Checks that fail or warn. */
  readonly findings: readonly string[];
  /** Checks that are unknown on their own account. */
  readonly unknown?: readonly string[];
}

const isJson = ({ text }: WireRequest): boolean => "json" in parseJson(Buffer.from(text));

const FIRST_PLAN = "5f0b4c8e-0000-4000-8000-000000000101";
const isOfFirstPlan = (request: WireRequest): boolean => jsonOf(request)["plan_id"] === FIRST_PLAN;

const polls: readonly Operation[] = ["poll-instance", "poll-binding"];
const deletions: readonly Operation[] = ["deprovision", "unbind"];

const deletesAnything: Middleware = alter(deletions, is(410), instead(200));
const hasEnded = all(isKnown, not(isPending));

const BROKERS: readonly Faulty[] = [
  ...[true, false].map(
    (isUnfetchable): Faulty => ({
      name: `answers 200 to each DELETE${isUnfetchable ? ", where nothing can be fetched" : ""}`,
      middleware: deletesAnything,
      isUnfetchable,
      findings: ["deprovision-410-unknown", "unbind-410-unknown"],
    }),
  ),
  {
    name: "answers 200 to a DELETE of what it deleted",
    middleware: alter(["deprovision"], is(410), instead(200), isKnown),
    isUnfetchable: true,
    findings: ["deprovision-410-after-delete"],
  },
  {
    name: "answers 404 to the DELETE of an instance that does not exist",
    middleware: alter(["deprovision"], is(410), status(404)),
    findings: ["deprovision-410-unknown"],
  },
  {
    name: "answers 200 for what it created",
    middleware: alter(["provision"], is(201), status(200)),
    findings: ["provision-201"],
  },
  {
    name: "answers 200 for a binding that it created",
    middleware: alter(["bind"], is(201), status(200)),
    findings: ["bind-201"],
  },
  {
    name: "crashes when it is polled again after the end of an operation",
    middleware: alter(polls, is(200), instead(500), hasEnded),
    mode: "async",
    findings: ["lastop-binding-state-kept", "lastop-instance-state-kept"],
  },
  {
    name: "is synchronous, and answers 500 to polls",
    middleware: alter(polls, () => true, instead(500), isAuthorized),
    mode: "sync",
    findings: [],
  },
  {
    name: "crashes on each bind",
    middleware: pretend(["bind"], isAuthorized, 500, { description: "A null pointer." }),
    findings: ["bind-creates-binding"],
  },
  {
    name: "refuses each bind for a reason of its own",
    middleware: pretend(["bind"], isAuthorized, 422, { description: "Ask the owner." }),
    findings: [],
    unknown: ["bind-creates-binding"],
  },
  {
    name: "crashes on each fetch of a binding",
    middleware: alter(["fetch-binding"], () => true, instead(500), isAuthorized),
    findings: ["fetch-binding-supported"],
  },
  {
    name: "shows instances that it deleted",
    middleware: alter(["fetch-instance"], is(404), instead(200), isKnown),
    findings: ["fetch-instance-404-after-delete"],
  },
  {
    name: "binds asynchronously, and no binding can be fetched",
    middleware: combine(
      alter(["catalog"], is(200), (response) => ({
        ...response,
        text: response.text.replaceAll('"bindings_retrievable":true', '"bindings_retrievable":false'),
      })),
      alter(["fetch-binding"], success, instead(404)),
    ),
    mode: "async",
    findings: ["bind-info-returned-once"],
  },
  {
    name: "shows the name of a plan in the place of its id",
    middleware: alter(["fetch-instance"], success, set("plan_id", "small")),
    findings: ["fetch-instance-plan-id"],
  },
  {
    name: "never answers the deletion of an instance",
    middleware: (request, next, memory) =>
      operationOf(request) === "deprovision" && isAuthorized(request, memory)
        ? Promise.reject(new TransportError("reset", "socket hang up"))
        : next(request),
    findings: ["deprovision-410-unknown", "deprovision-deletes-resources"],
  },
  {
    name: "answers 403 to wrong credentials",
    middleware: async (request, next, memory) => {
      const response = await next(request);
      return isAuthorized(request, memory) || response.status !== 401 ? response : { ...response, status: 403 };
    },
    findings: ["auth-401-malformed-header", "auth-401-wrong-password"],
  },
  {
    name: "never answers a body that is not JSON",
    middleware: (request, next) =>
      ["PUT", "PATCH"].includes(request.method) && !isJson(request)
        ? Promise.reject(new TransportError("timeout", "no complete answer within 60000 ms"))
        : next(request),
    findings: ["provision-malformed-body-400", "bind-malformed-400", "update-malformed-400"],
  },
  {
    name: "closes the connection on a body that is not JSON",
    middleware: (request, next) =>
      ["PUT", "PATCH"].includes(request.method) && !isJson(request)
        ? Promise.reject(new TransportError("reset", "socket hang up"))
        : next(request),
    findings: ["provision-malformed-body-400", "bind-malformed-400", "update-malformed-400"],
  },
  {
    name: "stumbles over the first provision of each plan",
    middleware: (request, next, memory) => {
      const { plan_id: plan } = jsonOf(request);
      const key = `stumbled ${String(plan)}`;
      const isOrdinary = operationOf(request) === "provision" && isAuthorized(request, memory);
      if (!isOrdinary || memory.facts.has(key) || !JSON.stringify(MEMORY_CATALOG).includes(`"${String(plan)}"`))
        return next(request);
      memory.facts.set(key, true);
      return Promise.resolve(reply(500, { description: "Another process has the lock." }));
    },
    findings: [],
  },
  {
    name: "creates no instance of its first plan, and accepts a bind without service_id",
    middleware: combine(
      pretend(["provision"], all(isAuthorized, isOfFirstPlan), 500, { description: "A null pointer." }),
      rewrite(["bind"], lacks("service_id"), (request, memory) => {
        const { service_id } = memory.asked.get(request.path.slice(0, 3).join("/")) ?? {};
        return { ...request, text: JSON.stringify({ ...jsonOf(request), service_id }) };
      }),
    ),
    findings: ["provision-creates-resource", "bind-missing-service-id-400"],
  },
  {
    name: "never compares a provision with the existing instance, nor with the one in progress",
    middleware: alter(["provision"], is(409), instead(200)),
    mode: "async",
    findings: ["provision-conflict-409"],
  },
  {
    name: "serves no polls, and answers 202 even to a platform that cannot wait",
    middleware: combine(
      alter(["poll-instance"], () => true, instead(501), isAuthorized),
      rewrite(
        ["provision"],
        () => true,
        (request) => ({ ...request, query: { accepts_incomplete: "true" } }),
      ),
    ),
    mode: "async",
    findings: ["lastop-instance-available", "async-needs-accepts-incomplete"],
  },
  {
    name: "deletes instances with an empty answer, at a version where every body must be an object",
    middleware: alter(["deprovision"], is(200), (response) => ({ ...response, text: "" })),
    minor: 13,
    findings: ["deprovision-200-body"],
  },
  {
    name: "ignores parameters that are not an object, and publishes no schema",
    middleware: rewrite(
      ["provision"],
      (request) => typeof jsonOf(request)["parameters"] === "string" && !isOfFirstPlan(request),
      (request) => ({ ...request, text: JSON.stringify({ ...jsonOf(request), parameters: {} }) }),
    ),
    findings: ["provision-wrong-type-400"],
  },
  {
    name: "wants a parameter for each bind, and says so with a 500",
    middleware: pretend(["bind"], isAuthorized, 500, { description: 'must pass JSON configuration with field "uri"' }),
    findings: [],
    unknown: ["bind-creates-binding"],
  },
  {
    name: "mistakes every second repeat of a provision for a new one",
    middleware: (request, next, memory) => {
      const key = `repeats ${request.path.join("/")}`;
      if (operationOf(request) !== "provision" || !isKnown(request, memory)) return next(request);
      const count = Number(memory.facts.get(key) ?? 0) + 1;
      memory.facts.set(key, count);
      return next(request).then((response) =>
        response.status === 200 && count % 2 === 0 ? { ...response, status: 201 } : response,
      );
    },
    findings: ["provision-identical-200"],
  },
  {
    name: "serves no deletions",
    middleware: alter(deletions, () => true, instead(405), isAuthorized),
    findings: ["deprovision-deletes-resources", "unbind-deletes-resources"],
  },
  {
    name: "answers 200 and nothing to a provision without plan_id",
    middleware: async (request, next, memory) =>
      operationOf(request) === "provision" &&
      isAuthorized(request, memory) &&
      sends("service_id")(request, memory) &&
      !sends("plan_id")(request, memory)
        ? { status: 200, headers: {}, text: "" }
        : next(request),
    findings: ["provision-missing-plan-id-400"],
  },
  {
    name: "fails each update, even one with an unknown plan",
    middleware: pretend(["update"], isAuthorized, 500, { description: "The backend has no updates." }),
    // Each of these names the status of an update in a situation of its own.
    findings: [
      "update-200",
      "update-context-only",
      "update-maintenance-info-conflict-422",
      "update-maintenance-info-match",
      "update-unsupported-422",
    ],
    unknown: ["update-plan-id-optional"],
  },
];

async function findings({ middleware, mode = "sync", minor = 17, isUnfetchable = false }: Faulty) {
  let [nowMs, ids] = [Date.UTC(2026, 0, 1), 0];
  const text = JSON.stringify(MEMORY_CATALOG).replaceAll('s_retrievable":true', 's_retrievable":false');
  const catalog = isUnfetchable ? JSON.parse(text) : MEMORY_CATALOG;
  const { handle, backend } = createMemoryBroker({ mode, catalog });
  const { results } = await certify({
    url: "http://127.0.0.1:1",
    username: "drydock",
    password: "conformance",
    suites: [osbSuite],
    profile: `osb-2.${minor}`,
    transport: asTransport(mutate({ middleware }, handle)),
    backend,
    clock: { nowMs: () => nowMs, sleepMs: async (ms) => void (nowMs += ms) },
    newId: () => `5f0b4c8e-4444-4000-8000-${String(++ids).padStart(12, "0")}`,
  });
  const accusing = results.filter(({ verdict }) => verdict === "fail" || verdict === "warn");
  const open = results.filter(({ verdict, followsFrom }) => verdict === "unknown" && followsFrom === undefined);
  const followers = new Set(
    results.filter(({ followsFrom }) => followsFrom !== undefined).map(({ check }) => check.id),
  );
  const named = results.map(({ followsFrom }) => followsFrom).filter((cause) => cause !== undefined);
  // A follower leads on to its own cause.
  const causes = new Set(named.filter((cause) => !followers.has(cause)));
  return { results, accusing, open, causes };
}

/** Checks in the order of their ids, with the reason for those that are not expected. */
const namesOf = (results: Awaited<ReturnType<typeof findings>>["results"], expected: readonly string[]) =>
  results.map(({ check, reason }) => (expected.includes(check.id) ? check.id : `${check.id}: ${reason}`)).toSorted();

describe.each(BROKERS)("a broker that $name", (broker) => {
  const { findings: expected, unknown = [] } = broker;
  it("gets that as its finding, and everything that follows from it says so", async () => {
    const { accusing, open, causes } = await findings(broker);
    expect(namesOf(accusing, expected)).toEqual(expected.toSorted());
    expect(namesOf(open, unknown)).toEqual(unknown.toSorted());
    const heads = [...expected, ...unknown];
    expect([...causes].filter((cause) => !heads.includes(cause)).toSorted()).toEqual([]);
  });
});

it("a check that holds the backend is judged alone too: it gets its place before nobody else can proceed", async () => {
  const mutant = OSB_MUTANTS.find(({ id }) => id === "not-concurrency-legacy-description");
  if (mutant === undefined) throw new Error("there is no such mutant");
  const { results } = await runMutant(memoryBrokerUnderTest(mutant.mode), mutant, mutant.expected);
  expect(results.map(({ verdict }) => verdict)).not.toContain("pass");
});
