import { describe, expect, it } from "vitest";
import type { Operation } from "../client/answer.ts";
import type { SpecMinor } from "../client/spec-version.ts";
import { certify } from "../runner/certify.ts";
import { createMemoryBroker } from "./memory-broker/broker.ts";
import { MEMORY_CATALOG } from "./memory-broker/catalog.ts";
import { asTransport } from "./memory-broker/http.ts";
import type { BrokerMode } from "./memory-broker/mode.ts";
import { instead, is, status, success } from "./mutants/changes.ts";
import { all, isAuthorized, isKnown, isPending, not } from "./mutants/conditions.ts";
import { alter, combine, pretend } from "./mutants/middleware.ts";
import { type Middleware, mutate } from "./mutants/traffic.ts";
import { osbSuite } from "./suite.ts";

/** A broker with one fault, and who has it as a finding. */
interface Faulty {
  readonly name: string;
  readonly middleware: Middleware;
  readonly mode?: BrokerMode;
  readonly minor?: SpecMinor;
  /** Nothing can be fetched: then deletions are all there is to look with. */
  readonly isUnfetchable?: boolean;
  /** Checks that fail or warn. */
  readonly findings: readonly string[];
  /** Checks that are unknown of themselves. */
  readonly unknown?: readonly string[];
}

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
    name: "answers 404 to the DELETE of an instance that is not there",
    middleware: alter(["deprovision"], is(410), status(404)),
    findings: ["deprovision-410-unknown"],
  },
  {
    name: "answers 200 to what it made",
    middleware: alter(["provision"], is(201), status(200)),
    findings: ["provision-201"],
  },
  {
    name: "answers 200 to a binding that it made",
    middleware: alter(["bind"], is(201), status(200)),
    findings: ["bind-201"],
  },
  {
    name: "falls over when it is asked again how an operation ended",
    middleware: alter(polls, is(200), instead(500), hasEnded),
    mode: "async",
    findings: ["lastop-binding-state-kept", "lastop-instance-state-kept"],
  },
  {
    name: "does everything at once, and answers 500 to polls",
    middleware: alter(polls, () => true, instead(500), isAuthorized),
    mode: "sync",
    findings: [],
  },
  {
    name: "falls over on each bind",
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
    name: "falls over on each fetch of a binding",
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
    name: "answers 403 to wrong credentials",
    middleware: async (request, next, memory) => {
      const response = await next(request);
      return isAuthorized(request, memory) || response.status !== 401 ? response : { ...response, status: 403 };
    },
    findings: ["auth-401-malformed-header", "auth-401-wrong-password"],
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
  const causes = new Set(results.map(({ followsFrom }) => followsFrom).filter((cause) => cause !== undefined));
  return { results, accusing, open, causes };
}

/** Checks in the order of their ids, with the reason of those that nobody expects. */
const namesOf = (results: Awaited<ReturnType<typeof findings>>["results"], expected: readonly string[]) =>
  results.map(({ check, reason }) => (expected.includes(check.id) ? check.id : `${check.id}: ${reason}`)).toSorted();

describe.each(BROKERS)("a broker that $name", (broker) => {
  const { findings: expected, unknown = [] } = broker;
  it("has that as its finding, and all that follows from it says so", async () => {
    const { accusing, open, causes } = await findings(broker);
    expect(namesOf(accusing, expected)).toEqual(expected.toSorted());
    expect(namesOf(open, unknown)).toEqual(unknown.toSorted());
    const heads = [...expected, ...unknown];
    expect([...causes].filter((cause) => !heads.includes(cause)).toSorted()).toEqual([]);
  });
});
