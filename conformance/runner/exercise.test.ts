import { describe, expect, it } from "vitest";
import type { OsbClient } from "../client/osb-client.ts";
import { NoAnswer } from "../client/no-answer.ts";
import { TransportError } from "../client/http/transport.ts";
import { osbSuite } from "../osb/suite.ts";
import type { RunEvent, SuiteName } from "./events.ts";
import { certify } from "../certify.ts";
import type { CertifyOptions } from "./options.ts";
import type { CertifySummary } from "./summary.ts";
import { type Check, notApplicable, type Outcome, pass } from "./check.ts";
import { type AnySuite, defineSuite, type OpenSuite } from "./suite.ts";
import { backupSuite } from "../suites/backup/suite.ts";
import { isolationSuite } from "../suites/isolation/suite.ts";
import { createMemoryBroker } from "../osb/memory-broker/broker.ts";
import { asFetch, type Handler } from "../osb/memory-broker/http.ts";

type Run = Check<OsbClient>["run"];

/** A suite of one check, that stands for no suite of ours. */
function suiteOf(name: SuiteName, run: Run, more: Partial<OpenSuite<OsbClient>> = {}): AnySuite {
  const check: Check<OsbClient> = {
    id: `${name}-toy`,
    suite: name,
    title: "a toy",
    level: "MUST",
    clauses: [],
    section: "Toys",
    requirement: "Of a test.",
    since: 11,
    run,
  };
  return defineSuite<OsbClient>({
    name,
    checks: [check],
    open: () => ({ contextFor: (platform) => platform, ...more }),
  });
}

async function run(
  suites: readonly AnySuite[],
  more: Partial<CertifyOptions> = {},
): Promise<{ summary: CertifySummary; events: readonly RunEvent[] }> {
  const events: RunEvent[] = [];
  const summary = await certify(
    {
      url: "http://127.0.0.1:1",
      username: "drydock",
      password: "conformance",
      profile: "osb-2.17",
      fetch: asFetch(createMemoryBroker().handle),
      suites,
      ...more,
    },
    (event) => void events.push(event),
  );
  return { summary, events };
}

const askForCatalog: Run = async (platform) => pass(await platform.send("catalog"));

describe("a check", () => {
  it("passes with an answer of the broker to show", async () => {
    const { summary } = await run([suiteOf("osb", askForCatalog)]);
    expect(summary).toMatchObject({ verdict: "pass", exitCode: 0 });
  });

  it("that passes without having exercised anything is unknown", async () => {
    const { summary } = await run([suiteOf("osb", () => pass())]);
    expect(summary).toMatchObject({ verdict: "unknown", exitCode: 2, conformant: false });
    expect(summary.results[0]?.reason).toBe("the check passed without having exercised anything");
  });

  const failing = (): Promise<never> => Promise.reject(new Error("a defect of ours"));
  const silent = (): never => {
    const request = { method: "GET", url: "http://127.0.0.1:1/v2/catalog", headers: [] };
    throw new NoAnswer(request as never, new TransportError("timeout", "no answer"));
  };
  it.each<[string, Run, Partial<OpenSuite<OsbClient>>]>([
    ["throws", () => Promise.reject(new Error("a defect of ours")), {}],
    [
      "throws before its first wait",
      () => {
        throw new TypeError("undefined is not a function");
      },
      {},
    ],
    ["throws what is not an error", () => Promise.reject("text"), {}],
    ["gets no answer", silent, {}],
    [
      "cannot be given its context",
      askForCatalog,
      {
        contextFor: () => {
          throw new Error("no context");
        },
      },
    ],
    ["passes and fails to tidy up", askForCatalog, { afterCheck: failing }],
  ])("that %s is unknown, never a pass, and the run goes to its end", async (_how, crash, more) => {
    const { summary, events } = await run([suiteOf("osb", crash, more)]);
    expect(summary).toMatchObject({ verdict: "unknown", exitCode: 2, conformant: false });
    expect(events.at(-1)?.type).toBe("run-finished");
  });

  it("whose failure is found keeps it when tidying up fails", async () => {
    const failing: Run = async (platform) => ({ verdict: "fail", evidence: [await platform.send("catalog")] });
    const { summary } = await run([suiteOf("osb", failing, { afterCheck: () => Promise.reject(new Error("stuck")) })]);
    expect(summary).toMatchObject({ verdict: "fail", exitCode: 1 });
  });
});

describe("a run goes to its end", () => {
  it("when what checks share cannot be made ready", async () => {
    const review = suiteOf("osb", askForCatalog, { warmUp: () => Promise.reject(new Error("no instance")) });
    const suite = { ...review, checks: review.checks.map((check) => ({ ...check, phase: "review" as const })) };
    const { summary, events } = await run([suite]);
    expect(summary.verdict).toBe("pass");
    expect(events).toContainEqual(
      expect.objectContaining({ type: "note", text: expect.stringContaining("no instance") }),
    );
  });

  it("when nothing that is shared can be removed, though checks wait for its place", async () => {
    const { handle } = createMemoryBroker();
    const stubborn: Handler = async (request) => {
      if (request.method === "DELETE" && request.path.length === 3) throw new TransportError("reset", "hung up");
      return handle(request);
    };
    const { summary, events } = await run([osbSuite], {
      fetch: asFetch(stubborn),
      maxInstances: 3,
      limits: { operationMsMax: 50, pollMsMin: 1, pollMsMax: 1, cleanupMsMax: 20 },
    });
    expect(summary.conformant).toBe(false);
    expect(events.at(-1)?.type).toBe("run-finished");
  });
});

describe("a suite that was asked for", () => {
  const nothing: Run = (): Outcome => notApplicable("it is not offered");

  it("and in which nothing could be exercised is not conformant alone", async () => {
    const { summary } = await run([suiteOf("backup", nothing)]);
    expect(summary).toMatchObject({ verdict: "not-applicable", exitCode: 2, conformant: false });
    expect(summary.coverage.suites[0]).toMatchObject({ exercised: 0, verdict: "not-exercised" });
  });

  it("and in which nothing could be exercised keeps a run beside others from being conformant", async () => {
    const { summary, events } = await run([osbSuite, suiteOf("backup", nothing)]);
    expect(summary).toMatchObject({ verdict: "unknown", exitCode: 2, conformant: false });
    expect(summary.statement).toContain("backup not exercised");
    expect(summary.statement).toMatch(/osb \d+ of \d+ checks/);
    expect(events.at(-1)).toMatchObject({ verdict: "unknown", conformant: false, statement: summary.statement });
  });

  it("is that of a broker without backups, whose tenants nobody can reach: most checks do not apply", async () => {
    const { summary: backup } = await run([backupSuite]);
    expect(backup).toMatchObject({ verdict: "not-applicable", exitCode: 2, conformant: false });
    expect(backup.statement).toMatch(/^Nothing was exercised\./);
    // What the API alone shows: this broker lives in memory, and keeps nobody apart.
    const { summary } = await run([isolationSuite]);
    expect(summary.counts["not-applicable"]).toBeGreaterThan(summary.counts.pass);
    expect(summary.counts.pass).toBeGreaterThan(0);
    expect(summary).toMatchObject({ verdict: "fail", exitCode: 1, conformant: false });
  });

  it("does not hide a failure beside it", async () => {
    const failing: Run = async (platform) => ({ verdict: "fail", evidence: [await platform.send("catalog")] });
    const { summary } = await run([suiteOf("osb", failing), suiteOf("backup", nothing)]);
    expect(summary).toMatchObject({ verdict: "fail", exitCode: 1 });
  });

  it("and of which --only leaves nothing is reported as not run, and accuses nobody", async () => {
    const { summary } = await run([osbSuite, suiteOf("backup", nothing)], { only: ["catalog-200"] });
    expect(summary).toMatchObject({ verdict: "pass", exitCode: 0, conformant: false });
    expect(summary.statement).toContain("backup not run");
  });
});

describe("the whole of a suite", () => {
  it("exercised, with nothing failed, is conformant, and the stream says so", async () => {
    const { summary, events } = await run([osbSuite]);
    expect(summary).toMatchObject({ verdict: "pass", exitCode: 0, conformant: true });
    expect(summary.statement).toMatch(/^Conformant\. Exercised: osb \d+ of \d+ checks$/);
    expect(events[0]).toMatchObject({ type: "run-started", v: 2, scope: { narrowedBy: [] } });
    expect(events.at(-1)).toMatchObject({ conformant: true });
  });

  it.each<[string, Partial<CertifyOptions>]>([
    ["some checks", { only: ["catalog-*"] }],
    ["a plan", { plan: "small" }],
    ["a service", { service: "memory-db" }],
    ["few instances", { maxInstances: 1 }],
    ["a part of a suite", { suites: [{ ...osbSuite, checks: osbSuite.checks.slice(0, 20) }] }],
  ])("narrowed to %s is called by what was run", async (_what, narrow) => {
    const { summary, events } = await run([osbSuite], narrow);
    expect(summary.exitCode).toBe(0);
    expect(summary.statement).toMatch(/^\d+ of \d+ checks.*: passed\..*narrowed by /);
    expect(summary.conformant).toBe(false);
    const started = events.find((event) => event.type === "run-started");
    for (const [flag, value] of [
      ["only", narrow.only?.join(",")],
      ["plan", narrow.plan],
      ["max-instances", narrow.maxInstances],
    ])
      if (value !== undefined)
        expect(started?.command).toMatch(new RegExp(`--${flag} '?${String(value).replace("*", "\\*")}`));
  });
});
