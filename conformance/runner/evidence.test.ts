import { describe, expect, it } from "vitest";
import { createMemoryBroker } from "../osb/memory-broker/broker.ts";
import { MEMORY_CATALOG } from "../osb/memory-broker/catalog.ts";
import { alter } from "../osb/mutants/middleware.ts";
import { drop, success } from "../osb/mutants/changes.ts";
import { mutate } from "../osb/mutants/traffic.ts";
import { asTransport, type Handler, type WireRequest } from "../osb/memory-broker/http.ts";
import { osbSuite } from "../osb/suite.ts";
import { eventClock } from "../selftest/event-clock.ts";
import type { RunEvent } from "./events.ts";
import { certify } from "./certify.ts";

/** Of a broker whose bindings come without credentials. */
async function evidenceOf(check: string) {
  const { handle, backend } = createMemoryBroker({ mode: "sync", catalog: MEMORY_CATALOG });
  const middleware = alter(["bind"], success, drop("credentials"));
  const events: RunEvent[] = [];
  await certify(
    {
      url: "http://127.0.0.1:1",
      username: "drydock",
      password: "conformance",
      suites: [osbSuite],
      profile: "osb-2.17",
      only: [check],
      transport: asTransport(mutate({ middleware }, handle)),
      backend,
    },
    (event) => void events.push(event),
  );
  const finished = events.filter((event) => event.type === "check-finished");
  return finished.flatMap(({ evidence }) => evidence);
}

describe("evidence that accuses", () => {
  it("begins with what made the instance, marked as such, so that its lines can be repeated in order", async () => {
    const evidence = await evidenceOf("bind-credentials-required");
    expect(evidence.map(({ setup = false, request: { method } }) => [setup, method])).toEqual([
      [true, "PUT"],
      [false, "PUT"],
    ]);
    const [provision, bind] = evidence.map(({ request }) => new URL(request.url).pathname);
    expect(bind).toMatch(new RegExp(`^${provision}/service_bindings/`));
  });

  it("has nothing to begin with where it is about nothing that exists", async () => {
    const evidence = await evidenceOf("catalog-200");
    expect(evidence.some(({ setup }) => setup)).toBe(false);
  });
});

/** A broker that hangs up on some requests, and what a check of it shows. */
async function evidenceOfSilence(check: string, isHungUp: (request: WireRequest) => boolean) {
  const { handle } = createMemoryBroker({ mode: "sync", catalog: MEMORY_CATALOG });
  const hangingUp: Handler = async (request) => {
    if (isHungUp(request)) throw new Error("hung up");
    return handle(request);
  };
  const events: RunEvent[] = [];
  const login = { url: "http://127.0.0.1:1", username: "drydock", password: "conformance" };
  const options = {
    ...login,
    suites: [osbSuite],
    profile: "osb-2.17",
    only: [check],
    transport: asTransport(hangingUp),
    clock: eventClock(),
  };
  await certify(options, (event) => void events.push(event));
  return events.flatMap((event) => (event.type === "check-finished" ? [event] : []));
}

describe("the evidence for a request without an answer", () => {
  it("has the request by which a plan was judged, though other plans are judged beside it", async () => {
    const big = "5f0b4c8e-0000-4000-8000-000000000102";
    const isHungUp = ({ method, text }: WireRequest) => method === "PUT" && text.includes(big);
    const [finished] = await evidenceOfSilence("provision-identical-200", isHungUp);
    expect([finished?.verdict, finished?.reason]).toEqual([
      "unknown",
      expect.stringContaining("closed without an answer"),
    ]);
    const silent = finished?.evidence.filter(({ response }) => response === undefined) ?? [];
    expect(silent.map(({ request }) => request.body?.includes(big))).toContain(true);
    expect(finished?.evidence.length).toBeGreaterThan(silent.length);
    expect(new Set(finished?.evidence).size).toBe(finished?.evidence.length);
  });

  it("has the request of a story for which the check waited", async () => {
    const isHungUp = ({ method, path }: WireRequest) => method === "PUT" && path.length === 3;
    const [finished] = await evidenceOfSilence("bind-identical-200", isHungUp);
    expect(finished?.verdict).toBe("unknown");
    expect(finished?.evidence.map(({ request, response }) => [request.method, response])).toContainEqual([
      "PUT",
      undefined,
    ]);
  });
});
