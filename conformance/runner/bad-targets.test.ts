import { describe, expect, it } from "vitest";
import { certify } from "../certify.ts";
import type { Clock } from "../client/clock.ts";
import { TargetError } from "../client/errors/target-error.ts";
import { type Transport, TransportError } from "../client/http/transport.ts";
import { createMemoryBroker } from "../osb/memory-broker/broker.ts";
import { MEMORY_CATALOG } from "../osb/memory-broker/catalog.ts";
import { asTransport, type Handler, jsonOf, reply } from "../osb/memory-broker/http.ts";
import { osbSuite } from "../osb/suite.ts";
import { eventClock } from "../selftest/event-clock.ts";
import type { RunEvent } from "./events.ts";
import type { CertifyOptions } from "./options.ts";

const EXCHANGE_MS = 60_000;

/** Certifies on virtual time. */
async function certifyAt(clock: Clock, transport: Transport, more: Partial<CertifyOptions> = {}) {
  const notes: string[] = [];
  const listen = (event: RunEvent) => void (event.type === "note" && notes.push(event.text));
  const login = { username: "drydock", password: "conformance" };
  const options = { url: "http://127.0.0.1:1", ...login, suites: [osbSuite], profile: "osb-2.17", transport, clock };
  const summary = await certify({ ...options, ...more }, listen);
  return { ...summary, notes, elapsedMs: clock.nowMs() };
}

/** A broker whose operations take so long. */
const slowBroker = (clock: Clock, operationMs: number) =>
  createMemoryBroker({ mode: "async", time: { operationMs, nowMs: () => clock.nowMs() } });

const reasonsOf = (results: readonly { readonly reason?: string }[]): string =>
  [...new Set(results.map(({ reason = "" }) => reason))].join("\n");

describe("a broker that gets worse", () => {
  it("and slower is given up as lost, and accused of nothing", async () => {
    const clock = eventClock();
    const inner = asTransport(createMemoryBroker().handle);
    let requests = 0;
    const transport: Transport = async (request, send) => {
      const delayMs = ++requests * 200;
      await clock.sleepMs(Math.min(delayMs, EXCHANGE_MS));
      if (delayMs > EXCHANGE_MS) throw new TransportError("timeout", `no complete answer within ${EXCHANGE_MS} ms`);
      return inner(request, send);
    };
    const { error, exitCode, counts, elapsedMs } = await certifyAt(clock, transport);
    expect([error?.code, exitCode, counts.fail]).toEqual(["lost", 2, 0]);
    expect(error?.message).toContain("no complete answer within 60000 ms");
    expect(elapsedMs).toBeLessThan(3 * 3_600_000);
  });

  it.each([20, 300])("and falls silent after %i requests is not waited for once that is known", async (served) => {
    const clock = eventClock();
    const inner = asTransport(createMemoryBroker({ mode: "mixed" }).handle);
    let requests = 0;
    let silentMs = 0;
    const transport: Transport = async (request, send) => {
      if (++requests <= served) return inner(request, send);
      silentMs ||= clock.nowMs();
      await clock.sleepMs(EXCHANGE_MS);
      throw new TransportError("timeout", `no complete answer within ${EXCHANGE_MS} ms`);
    };
    const { error, exitCode, counts, elapsedMs } = await certifyAt(clock, transport);
    expect([error?.code, exitCode, counts.fail]).toEqual(["lost", 2, 0]);
    // The request itself, the request for the catalog, and one try to clean up.
    expect(elapsedMs - silentMs).toBeLessThanOrEqual(4 * EXCHANGE_MS);
  });

  it.each([
    ["from the first request", 0, "no-answer"],
    ["after a while", 100, "lost"],
  ] as const)("and answers 429 for ever %s gets no more requests", async (_when, served, code) => {
    const clock = eventClock();
    const { handle } = createMemoryBroker({ mode: "mixed" });
    let requests = 0;
    const busy: Handler = async (request) =>
      ++requests > served ? reply(429, {}, { "retry-after": "60" }) : handle(request);
    const ended = await certifyAt(clock, asTransport(busy)).catch((error: unknown) => error);
    const error = ended instanceof TargetError ? ended : (ended as { error?: TargetError }).error;
    expect(error).toMatchObject({ code, exitCode: 2 });
    expect(error?.message).toContain("429");
    expect(clock.nowMs()).toBeLessThan(3_600_000);
  });
});

describe("a broker that redirects in a circle", () => {
  const moved = { status: 307, headers: { location: "http://127.0.0.1:1/v2/catalog" }, text: "" };

  it("from the start can't be tested, and gets one request", async () => {
    let requests = 0;
    const circle: Handler = async () => (requests++, moved);
    await expect(certifyAt(eventClock(), asTransport(circle))).rejects.toMatchObject({ code: "redirected" });
    expect(requests).toBe(1);
  });

  it("in the middle of a run ends it, and no redirect is followed", async () => {
    const { handle } = createMemoryBroker({ mode: "async" });
    let requests = 0;
    const circle: Handler = async (request) => (++requests > 300 ? moved : handle(request));
    const { exitCode, results, leftBehind } = await certifyAt(eventClock(), asTransport(circle));
    expect(exitCode).not.toBe(0);
    expect(reasonsOf(results)).not.toContain("crashed");
    expect(leftBehind.length).toBeGreaterThan(0);
    expect(requests).toBeLessThan(10_000);
  });
});

describe("a broker whose catalog changes during the run", () => {
  it("is not accused of the consequences, and the run says what happened", async () => {
    const text = JSON.stringify(MEMORY_CATALOG);
    const ids = /5f0b4c8e-0000-4000-8000/g;
    const before = createMemoryBroker();
    const after = createMemoryBroker({ catalog: JSON.parse(text.replaceAll(ids, "5f0b4c8e-0000-4000-9000")) });
    let requests = 0;
    const changing: Handler = (request) => (++requests > 60 ? after : before).handle(request);
    const { results, notes, exitCode } = await certifyAt(eventClock(), asTransport(changing));
    const accused = results.filter(({ verdict }) => verdict === "fail").map(({ check }) => check.id);
    expect(accused.filter((id) => !id.startsWith("catalog-"))).toEqual([]);
    expect(exitCode).not.toBe(0);
    expect(notes.join("\n")).toContain("the catalog changed during the run");
  });
});

describe("a broker whose operations never end", () => {
  const limits = [30_000, 600_000];

  it.each(limits)("gets its report within twice the limit of %i ms and a minute", async (operationMsMax) => {
    const clock = eventClock();
    const { handle } = slowBroker(clock, Number.MAX_SAFE_INTEGER);
    const { results, counts, elapsedMs } = await certifyAt(clock, asTransport(handle), { limits: { operationMsMax } });
    expect(elapsedMs).toBeLessThanOrEqual(2 * operationMsMax + 60_000);
    expect(results).toHaveLength(osbSuite.checks.length);
    // What needs no finished instance is judged nonetheless.
    const needless = ["provision-missing-service-id-400", "provision-malformed-body-400", "catalog-200"];
    const judged = results.filter(({ check }) => needless.includes(check.id));
    expect(judged.map(({ verdict }) => verdict)).toEqual(["pass", "pass", "pass"]);
    expect(counts.pass).toBeGreaterThan(100);
  });

  it("is left when the run is out of time, with the verdicts so far", async () => {
    const clock = eventClock();
    const { handle } = slowBroker(clock, Number.MAX_SAFE_INTEGER);
    const { results, leftBehind, exitCode } = await certifyAt(clock, asTransport(handle), { maxTimeMs: 30_000 });
    expect(results).toHaveLength(osbSuite.checks.length);
    expect(reasonsOf(results)).toContain("no time: the run ended before this check (--max-time 0.5)");
    expect([exitCode, leftBehind.length > 0]).toEqual([2, true]);
  });
});

/** The length of a run on an asynchronous broker, in operations; the bench measures the same. */
const LENGTHS_MAX = 15;

it.each([1_000, 3_000, 10_000])(
  "the waits of a run overlap: however long a broker's operations take, the run takes as long as a few of them (%i ms)",
  async (operationMs) => {
    const clock = eventClock();
    const { handle } = slowBroker(clock, operationMs);
    const { counts, elapsedMs, leftBehind } = await certifyAt(clock, asTransport(handle));
    expect(counts).toMatchObject({ fail: 0, unknown: 0, warn: 0 });
    expect(leftBehind).toEqual([]);
    expect(elapsedMs / operationMs).toBeLessThanOrEqual(LENGTHS_MAX);
  },
);

/** The longest that an operation of the broker was in progress, from its 202 to the poll that reports its end. */
function withTimes(clock: Clock, handle: Handler): { readonly handle: Handler; readonly longestMs: () => number } {
  const begunMs = new Map<string, number>();
  let longestMs = 0;
  const answerLater: Handler = async (request) => {
    const response = await handle(request);
    const path = request.path.filter((part) => part !== "last_operation").join("/");
    const { operation = request.query["operation"], state } = jsonOf(response);
    const key = `${path} ${String(operation)}`;
    if (response.status === 202) begunMs.set(key, clock.nowMs());
    if (state === "succeeded") {
      longestMs = Math.max(longestMs, clock.nowMs() - (begunMs.get(key) ?? clock.nowMs()));
      begunMs.delete(key);
    }
    return response;
  };
  return { handle: answerLater, longestMs: () => longestMs };
}

it.each([3, 5])("a broker with few workers (%i) is not overloaded: nothing waits there for long", async (workers) => {
  const clock = eventClock();
  const time = { operationMs: 3_000, nowMs: () => clock.nowMs(), workers };
  const { handle, longestMs } = withTimes(clock, createMemoryBroker({ mode: "async", time }).handle);
  const { counts, leftBehind } = await certifyAt(clock, asTransport(handle));
  expect(counts).toMatchObject({ fail: 0, unknown: 0, warn: 0 });
  expect(leftBehind).toEqual([]);
  // The poll that sees the end comes a little after it.
  expect(longestMs() / 3_000).toBeLessThanOrEqual(30 / workers + 0.1);
});
