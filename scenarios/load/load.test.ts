import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { parseAs } from "../clients/answers.ts";
import { dueTimes, countExpected } from "./arrivals.ts";
import { conductLoad, sharePlan } from "./conduct.ts";
import { localWorker, processWorker } from "./load-workers.ts";
import { LoadFigures, LoadTally } from "./figures.ts";
import { Durations } from "./histogram.ts";
import { drawOperation, LOAD_OPERATIONS, parseMix } from "./mix.ts";
import type { LoadPlan } from "./plan.ts";
import { Orders } from "./orders.ts";
import { Population } from "./population.ts";
import { parseDuration, parseRate } from "./quantities.ts";
import { loadDocument, loadPage, verdictOf } from "./report.ts";
import { parseThreshold } from "./thresholds.ts";
import type { LoadReply, LoadRequest, Transport } from "./transport.ts";

const PLAN: LoadPlan = {
  target: { url: "http://127.0.0.1:1", headers: {}, timeoutMs: 30_000 },
  model: { kind: "open", rate: 200, spacing: "even" },
  forMs: 250,
  mix: { catalog: 1, provision: 1, bind: 2, unbind: 1, deprovision: 1 },
  offer: { service_id: "s", plan_id: "p" },
  instances: 3,
  pollMs: 1,
  operationMsMax: 60_000,
  inFlightMax: 1000,
  seed: 1,
  prefix: "0000000a",
  keep: false,
};

/** A broker that remembers what exists, and refuses what a platform would not order. */
class StrictBroker implements Transport {
  readonly existing = new Set<string>();
  readonly refused: string[] = [];
  #polled = 0;

  async send({ method, path }: LoadRequest): Promise<LoadReply> {
    const resource = path.split("?")[0] ?? "";
    if (path.endsWith("/v2/catalog")) return { kind: "answer", status: 200, body: {} };
    if (resource.endsWith("/last_operation"))
      return { kind: "answer", status: 200, body: { state: ++this.#polled % 2 === 0 ? "succeeded" : "in progress" } };
    const parent = /^(.*)\/service_bindings\//.exec(resource)?.[1];
    const isSound =
      method === "PUT"
        ? !this.existing.has(resource) && (parent === undefined || this.existing.has(parent))
        : this.existing.has(resource) && ![...this.existing].some((each) => each.startsWith(`${resource}/`));
    if (!isSound) this.refused.push(`${method} ${path}`);
    if (method === "PUT") this.existing.add(resource);
    else this.existing.delete(resource);
    return { kind: "answer", status: 202, body: { operation: "a token" } };
  }

  close(): void {}
}

const never = new AbortController().signal;
const conduct = (plan: LoadPlan, transport: Transport, thresholds: readonly string[] = []) =>
  conductLoad({
    plan,
    workers: [localWorker(plan, transport)],
    thresholds: thresholds.map(parseThreshold),
    signal: never,
    say: () => {},
  });

describe("due times", () => {
  const rates = fc.double({ min: 0.1, max: 500, noNaN: true });
  it("come in order, within the run, as many as the rates demand", () => {
    fc.assert(
      fc.property(rates, rates, fc.integer({ min: 1, max: 10_000 }), (rate, rampTo, forMs) => {
        const arrivals = { rate, rampTo, forMs, spacing: "even" } as const;
        const due = [...dueTimes(arrivals, () => 0)];
        expect(due).toEqual(due.toSorted((a, b) => a - b));
        for (const each of due) expect(each >= 0 && each < forMs).toBe(true);
        expect(Math.abs(due.length - countExpected(arrivals))).toBeLessThanOrEqual(1.001);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a mix", () => {
  it("draws each operation as often as its weight says, and none without a weight", () => {
    const mix = parseMix("provision=3,bind");
    const drawn = Array.from({ length: 400 }, (_, at) => drawOperation(mix, at / 400));
    expect(drawn.filter((each) => each === "provision")).toHaveLength(300);
    expect(drawn.filter((each) => each === "bind")).toHaveLength(100);
  });
  it.each(["", "provision=0", "provision=x", "restore=1"])("is refused when it is %j", (text) => {
    expect(() => parseMix(text)).toThrow("LOAD_BAD_QUANTITY");
  });
});

it("quantities have units", () => {
  expect([parseDuration("250ms"), parseDuration("2m"), parseRate("30/m")]).toEqual([250, 120_000, 0.5]);
  for (const text of ["5", "0s", "5 days", "-1s"]) expect(() => parseDuration(text)).toThrow("LOAD_BAD_QUANTITY");
});

it("the figures of several processes, as plain data, add up to those of all together", () => {
  const sample = fc.record({
    operation: fc.constantFrom(...LOAD_OPERATIONS),
    ms: fc.double({ min: 0, max: 100_000, noNaN: true }),
    second: fc.nat({ max: 5 }),
    error: fc.constantFrom(undefined, "HTTP 500", "connection reset"),
  });
  const record = (samples: readonly (typeof sample extends fc.Arbitrary<infer S> ? S : never)[]): LoadTally => {
    const tally = new LoadTally();
    for (const { operation, ms, second, error } of samples) {
      tally.of(operation).latency.record(ms);
      tally.second(second * 1000).latency.record(ms);
      tally.lateness.record(ms / 7);
      if (error !== undefined) tally.of(operation).fail(error);
    }
    return tally;
  };
  fc.assert(
    fc.property(fc.array(sample), fc.array(sample), (mine, theirs) => {
      const merged = new LoadTally();
      for (const part of [mine, theirs])
        merged.add(parseAs(LoadFigures, JSON.parse(JSON.stringify(record(part).figures)), "figures"));
      const all = record([...mine, ...theirs]);
      for (const [name, { latency, errors }] of all.operations) {
        expect(merged.of(name).errors).toEqual(errors);
        for (const each of [50, 99, 100]) expect(merged.of(name).latency.at(each)).toBe(latency.at(each));
      }
      expect(merged.timeline.map(({ latency }) => latency.count)).toEqual(
        all.timeline.map(({ latency }) => latency.count),
      );
    }),
    { numRuns: 30 },
  );
});

describe("thresholds", () => {
  const tally = new LoadTally();
  for (let ms = 1; ms <= 100; ms++) tally.of("bind").latency.record(ms);
  Object.assign(tally.of("bind"), { sent: 100, answered: 98 });
  tally.of("bind").fail("HTTP 500", 2);
  it.each([
    ["p99<101ms", true],
    ["bind:p50<=49ms", false],
    ["max>99ms", true],
    ["errors<=2%", true],
    ["bind:errors<2%", false],
    ["rate>=9.8/s", true],
    ["bind:rate>10/s", false],
    ["provision:p99<1h", false],
  ])("%s: %j", (text, met) => {
    expect(parseThreshold(text).judge(tally, 10_000)).toMatchObject({ threshold: text, met });
  });
  it.each(["p99<5", "p99", "restore:p99<1s", "errors<5ms", "p99=1s"])("%s can't be read", (text) => {
    expect(() => parseThreshold(text)).toThrow("LOAD_BAD_QUANTITY");
  });
});

describe("orders", () => {
  it("delete no instance that has a binding, and unbind only one that has", () => {
    const population = new Population("0000000a", () => 0);
    const orders = new Orders(PLAN, population);
    const instance = population.add();
    instance.isBusy = false;
    instance.bindings.push({ id: "b", instance });
    expect(orders.make("deprovision")).toBeUndefined();
    const unbinding = orders.make("unbind");
    expect(unbinding?.request.method).toBe("DELETE");
    unbinding?.succeed();
    unbinding?.end();
    expect(orders.make("unbind")).toBeUndefined();
    expect(orders.make("deprovision")?.request.path).toContain(instance.id);
  });
});

describe("a load run", () => {
  it("orders only what a platform would, follows each operation, and leaves nothing behind", async () => {
    const broker = new StrictBroker();
    const { tally, left } = await conduct(PLAN, broker);
    expect(broker.refused).toEqual([]);
    expect([...broker.existing]).toEqual([]);
    expect(left).toEqual([]);
    const { sent, answered, succeeded } = tally.of("provision");
    expect(sent).toBeGreaterThan(0);
    expect([answered, succeeded]).toEqual([sent, sent]);
    expect(tally.sum((each) => each.sent + each.starved)).toBe(50);
  });

  it("counts the wait of requests that were due while the target stalled", async () => {
    const STALL_MS = 400;
    let began: number | undefined;
    const stalling: Transport = {
      send: async () => {
        began ??= performance.now();
        await sleep(Math.max(0, began + STALL_MS - performance.now()));
        return { kind: "answer", status: 200, body: {} };
      },
      close: () => {},
    };
    const catalogOnly = { ...PLAN, mix: { catalog: 1 }, instances: 0, forMs: 200 };
    const open = await conduct(catalogOnly, stalling);
    // The last was due after 200 ms, so that each waited for 200 ms at least, and the first for the whole stall.
    expect(open.tally.of("catalog").latency.at(1)).toBeGreaterThan(150_000);
    expect(open.tally.of("catalog").latency.max).toBeGreaterThan(390_000);
    expect(open.tally.of("catalog").sent).toBe(40);
  });

  it("is invalid if nothing was answered, or if due requests were not sent", async () => {
    const refusing: Transport = { send: async () => ({ kind: "error", what: "connection refused" }), close: () => {} };
    const refused = await conduct({ ...PLAN, mix: { catalog: 1 }, instances: 0 }, refusing);
    expect(verdictOf(refused)).toBe("invalid");
    expect(refused.tally.of("catalog").errors).toEqual(new Map([["connection refused", 50]]));
    const late: Transport = {
      send: async () => (await sleep(300), { kind: "answer", status: 200, body: {} }),
      close: () => {},
    };
    const crowded = await conduct({ ...PLAN, mix: { catalog: 1 }, instances: 0, inFlightMax: 10 }, late);
    expect(crowded.invalid.join()).toMatch(/\d+ requests were due but not sent/);
  });

  it("does not begin if the first instances can't be made, and says why", async () => {
    const refusing: Transport = { send: async () => ({ kind: "answer", status: 503, body: {} }), close: () => {} };
    await expect(conduct(PLAN, refusing)).rejects.toThrow("could not be made: provision: HTTP 503 (3)");
  });

  it("has thresholds, errors and percentiles as text in its page and in its document", async () => {
    const outcome = await conduct(PLAN, new StrictBroker(), ["errors<1%", "p99<1ms"]);
    const title = { target: "http://<broker>", command: "drydock load" };
    const html = loadPage(title, outcome);
    expect(html).toContain("Load on http://&lt;broker&gt;");
    expect(html).toContain("provision: due → succeeded");
    expect(loadDocument(title, outcome).thresholds).toHaveLength(2);
    expect(Durations.decode(loadDocument(title, outcome).figures.lateness).count).toBeGreaterThan(0);
  });
});

describe("generators in processes of their own", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());
  it("share the load, begin together, and merge what they measured", async () => {
    server = createServer((_request, response) => response.end("{}"));
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    const plan = { ...PLAN, target: { ...PLAN.target, url }, mix: { catalog: 1 }, instances: 0 };
    const workers = await Promise.all(sharePlan(plan, 2).map(processWorker));
    const { tally } = await conductLoad({ plan, workers, thresholds: [], signal: never, say: () => {} });
    expect(tally.of("catalog").sent).toBe(50);
    expect(tally.of("catalog").answered).toBe(50);
    expect(tally.lateness.count).toBe(50);
  });
});
