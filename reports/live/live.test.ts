import fc from "fast-check";
import { expect, test } from "vitest";
import { SentRows } from "./changes.ts";
import { LATENCY_BOUNDS_MS, type LiveMessage, type Row } from "./feed.ts";
import { Hub } from "./hub.ts";
import { Latencies } from "./latency.ts";
import { laneOf, spansOf } from "./page/lanes.ts";
import { indexRows, stepsThrough } from "./page/paths.ts";
import { Store } from "./page/store.ts";
import { countOf, percentileOf } from "./percentile.ts";
import { instanceRows, makeCloud, taskEvents } from "./testing.ts";

const rowOf = (id: number, state: string): Row => ({ kind: "project", id: `p${id}`, name: "p", health: "ok", state });
const someRows = fc
  .uniqueArray(fc.tuple(fc.nat(12), fc.constantFrom("a", "b")), { selector: ([id]) => id })
  .map((rows) => rows.map(([id, state]) => rowOf(id, state)));

test("a viewer that applies the changes it is sent has the current rows, and nothing is sent twice", () => {
  fc.assert(
    fc.property(fc.array(someRows), (moments) => {
      const sent = new SentRows();
      const seen = new Map<string, Row>();
      for (const rows of moments) {
        const { put, gone } = sent.update(rows);
        for (const row of put) {
          expect(seen.get(row.id)).not.toEqual(row);
          seen.set(row.id, row);
        }
        for (const id of gone) expect(seen.delete(id)).toBe(true);
        expect(new Map(rows.map((row) => [row.id, row]))).toEqual(seen);
      }
    }),
  );
});

test("a percentile is never below the true one, and at most a fifth above it", () => {
  const durations = fc.array(fc.double({ min: 0.25, max: 20_000, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(durations, fc.constantFrom(0.5, 0.9, 0.99), (list, share) => {
      const latencies = new Latencies();
      for (const durationMs of list)
        latencies.add({ service: "s", method: "GET", path: "/", status: 200, time: 0, durationMs });
      const [{ counts, maxMs } = { counts: [], maxMs: 0 }] = latencies.list();
      const sorted = list.toSorted((a, b) => a - b);
      const truth = sorted[Math.max(0, Math.ceil(list.length * share - 1e-9) - 1)] ?? 0;
      const shown = percentileOf(counts, share, maxMs);
      expect(countOf(counts)).toBe(list.length);
      expect(shown).toBeGreaterThanOrEqual(truth);
      expect(shown).toBeLessThanOrEqual(truth * 1.2);
    }),
  );
  expect(
    percentileOf(
      LATENCY_BOUNDS_MS.map(() => 0),
      0.5,
      0,
    ),
  ).toBe(0);
});

test("a viewer that returns is sent what it missed, a late one everything that is kept, and after a restore all start afresh", () => {
  const cloud = makeCloud([], taskEvents(10));
  const hub = new Hub({ title: "t", facts: [] }, cloud);
  const eventsFor = (seq: number): readonly number[] => {
    const got: LiveMessage[] = [];
    hub.add({ seq, send: (message) => got.push(message) })();
    return got.flatMap((message) => (message.type === "events" ? message.events.map((event) => event.seq) : []));
  };
  expect(eventsFor(0)).toHaveLength(10);
  expect(eventsFor(7)).toEqual([8, 9, 10]);
  expect(eventsFor(10)).toEqual([]);
  cloud.change({ events: taskEvents(4) });
  expect(eventsFor(10)).toEqual([1, 2, 3, 4]);
  hub.close();
});

test("the page forgets what a restore has undone", () => {
  const store = new Store(() => {});
  store.take({ type: "events", events: taskEvents(10) });
  store.take({ type: "events", events: taskEvents(12).slice(10) });
  expect(store.events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  store.take({ type: "events", events: taskEvents(5).slice(3) });
  expect(store.events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
});

test("the path from any row shows its deployment's VM, port, rules and names", () => {
  const index = indexRows(new Map(instanceRows(3).map((row) => [row.id, row])));
  for (const id of ["binding/i1/b", "instance/i1", "deployment/d00001"]) {
    const row = index.rows.get(id);
    const titles = row === undefined ? [] : stepsThrough(row, index).map(({ title }) => title);
    expect(titles).toEqual([
      "Binding",
      "Service instance",
      "Deployment",
      "VM",
      "Server",
      "Port",
      "Security group",
      "Volume",
      "Names in DNS",
    ]);
  }
});

test("a task lasts from its start to its end, or until now if it has not ended, and each change has its lane", () => {
  const spans = spansOf(taskEvents(4), [], Date.UTC(2027, 0, 1));
  const tasks = spans.filter(({ lane }) => lane === "tasks");
  expect(tasks.map(({ from, to }) => to - from)).toEqual([200, Date.UTC(2027, 0, 1) - (tasks[1]?.from ?? 0)]);
  expect(laneOf({ source: "bosh", kind: "vm.create" })).toBe("CPI calls");
  expect(laneOf({ source: "kernel", kind: "fault.act" })).toBe("faults");
  expect(laneOf({ source: "neutron", kind: "port.create" })).toBe("state changes");
});

test("a seed of a scenario is a row of its own, and one that failed says how to play it again", () => {
  const hub = new Hub({ title: "t", facts: [] }, undefined);
  const seed = { v: 1, type: "seed-finished", scenario: "toy", digest: "d", steps: 3, durationMs: 5 } as const;
  hub.take({ ...seed, seed: 7, verdict: "pass" });
  const counterexample = { steps: ["create i1"], replay: "drydock replay toy --seed 8" };
  hub.take({ ...seed, seed: 8, verdict: "fail", reason: "a law broke", counterexample });
  const seen: LiveMessage[] = [];
  hub.add({ seq: 0, send: (message) => void seen.push(message) });
  hub.close();
  const shown = seen.flatMap((message) => (message.type === "checks" ? message.checks : []));
  expect(shown.map(({ id, verdict, reason }) => [id, verdict, reason])).toEqual([
    ["toy/7", "pass", "digest d"],
    ["toy/8", "fail", "a law broke\ncreate i1\ndrydock replay toy --seed 8"],
  ]);
});
