import { describe, expect, it } from "vitest";
import { osbSuite } from "../osb/suite.ts";
import type { RunEvent } from "./events.ts";
import { acceptanceFor } from "./baseline.ts";
import { parseBaseline } from "./parse-baseline.ts";
import { certify } from "../certify.ts";
import type { CertifySummary } from "./summary.ts";
import { createMemoryBroker } from "../osb/memory-broker/broker.ts";
import { asFetch, type Handler } from "../osb/memory-broker/http.ts";

const NOON = Date.UTC(2026, 5, 1, 12);
const CHECK = "catalog-200";

/** A broker whose catalog lacks a name that it must have. */
async function run(baseline: string): Promise<{ summary: CertifySummary; events: RunEvent[] }> {
  const broker = createMemoryBroker();
  const nameless: Handler = async (request) => {
    const response = await broker.handle(request);
    return request.path[1] === "catalog" && response.status === 200 ? { ...response, status: 201 } : response;
  };
  const events: RunEvent[] = [];
  const summary = await certify(
    {
      url: "http://127.0.0.1:1",
      username: "drydock",
      password: "conformance",
      suites: [osbSuite],
      only: [CHECK],
      profile: "osb-2.17",
      fetch: asFetch(nameless),
      clock: { nowMs: () => NOON, sleepMs: async () => {} },
      baseline: parseBaseline(baseline),
    },
    (event) => void events.push(event),
  );
  return { summary, events };
}

const notes = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) => (event.type === "note" ? [event.text] : []));

describe("a baseline", () => {
  it("turns a known failure into a warning that says why and until when", async () => {
    const { summary } = await run(`accept: [{check: ${CHECK}, reason: mended in 3.2, until: 2026-06-01}]`);
    expect(summary.results[0]).toMatchObject({ verdict: "warn", accepted: { until: "2026-06-01" } });
    expect(summary.results[0]?.reason).toContain("accepted until 2026-06-01 (mended in 3.2)");
    expect(summary.exitCode).toBe(0);
  });

  it("counts no more after its day, and says so", async () => {
    const { summary, events } = await run(`accept: [{check: ${CHECK}, reason: mended in 3.2, until: 2026-05-31}]`);
    expect(summary.exitCode).toBe(1);
    expect(notes(events)).toContain(`baseline: ${CHECK} was accepted until 2026-05-31`);
  });

  it("says which entries can go", async () => {
    const { events } = await run(`accept: [{check: catalog-etag, reason: old, until: 2027-01-01}]`);
    expect(notes(events)).toContain("baseline: catalog-etag was not run");
  });

  it("holds checks of other suites for a run of theirs", async () => {
    const { events } = await run(`accept: [{check: BK-10, reason: old, until: 2027-01-01}]`);
    expect(notes(events)).toContain("baseline: BK-10 was not run");
  });

  it("is refused when it accepts a check that there is not, with the ids that may be meant", async () => {
    const stray = run(`accept: [{check: catalog-20, reason: old, until: 2027-01-01}]`);
    await expect(stray).rejects.toThrow(/no such check: "catalog-20"; nearest: catalog-200.*\[bad-baseline\]/);
  });

  it("leaves a run that it excuses without a claim of conformance", async () => {
    const { summary } = await run(`accept: [{check: ${CHECK}, reason: mended in 3.2, until: 2026-06-01}]`);
    expect(summary).toMatchObject({ conformant: false, verdict: "warn" });
  });

  it("holds to the end of its last day", () => {
    const baseline = parseBaseline(JSON.stringify({ accept: [{ check: "a", reason: "r", until: "2026-06-01" }] }));
    expect(acceptanceFor(baseline, "a", Date.UTC(2026, 5, 2) - 1)?.check).toBe("a");
    expect(acceptanceFor(baseline, "a", Date.UTC(2026, 5, 2))).toBeUndefined();
  });

  it.each([
    ["accept: 5", 'no list "accept"'],
    ["accept: [{reason: r, until: 2026-01-01}]", "names no check"],
    ["accept: [{check: a, until: 2026-01-01}]", "gives no reason"],
    ["accept: [{check: a, reason: r, until: soon}]", 'needs "until"'],
    ["accept: [{check: a, reason: r, until: 2026-01-01}, {check: a, reason: r, until: 2026-01-02}]", "listed twice"],
    ["accept: [", "baseline"],
  ])("refuses %s", (text, why) => {
    expect(() => parseBaseline(text)).toThrow(why);
  });
});
