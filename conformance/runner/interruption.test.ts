import { expect, it } from "vitest";
import { createMemoryBroker } from "../osb/memory-broker/broker.ts";
import { asFetch } from "../osb/memory-broker/http.ts";
import { certify } from "./certify.ts";
import type { Check } from "./check.ts";
import type { RunEvent } from "./events.ts";
import { defineSuite } from "./suite.ts";

/** The notes of a run of one check, which is interrupted while the check is under way, and then throws. */
async function notesOf(thrown: (signal: AbortSignal) => unknown): Promise<readonly string[]> {
  const stop = new AbortController();
  const check: Check<unknown> = {
    suite: "osb",
    id: "interrupted",
    title: "t",
    level: "MUST",
    clauses: [],
    section: "s",
    requirement: "r",
    since: 11,
    run: () => {
      stop.abort();
      throw thrown(stop.signal);
    },
  };
  const suite = defineSuite({ name: "osb", checks: [check], open: () => ({ contextFor: (client) => client }) });
  const events: RunEvent[] = [];
  const { exitCode } = await certify(
    {
      url: "http://127.0.0.1:1",
      username: "drydock",
      password: "conformance",
      profile: "osb-2.17",
      fetch: asFetch(createMemoryBroker().handle),
      suites: [suite],
      signal: stop.signal,
    },
    (event) => void events.push(event),
  );
  expect(exitCode).toBe(130);
  return events.flatMap((event) => (event.type === "note" ? [event.text] : []));
}

const aDefect = expect.stringContaining("a defect of drydock itself");

it.each([
  ["the signal's own error", (signal: AbortSignal): unknown => signal.reason],
  ["an error that it caused", (signal: AbortSignal): unknown => new Error("no rows", { cause: signal.reason })],
])("a check that ends with %s was interrupted, which is not a defect", async (_what, thrown) => {
  expect(await notesOf(thrown)).not.toContainEqual(aDefect);
});

it("a check that crashes while the run is interrupted is still a defect", async () => {
  expect(await notesOf(() => new TypeError("x is not a function"))).toContainEqual(aDefect);
});
