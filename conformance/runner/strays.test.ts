import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** A suite whose checks leave rejections unhandled in various ways, run in a process of its own, which they would end. */
const RUN = `
import { certify } from "./conformance/certify.ts";
import { defineSuite } from "./conformance/runner/suite.ts";
import { pass } from "./conformance/runner/check.ts";
import { createMemoryBroker } from "./conformance/osb/memory-broker/broker.ts";
import { asFetch } from "./conformance/osb/memory-broker/http.ts";
import { offersOf, readCatalog } from "./conformance/client/catalog.ts";
const base = { suite: "osb", title: "t", level: "MUST", clauses: [], section: "s", requirement: "r", since: 11 };
const late = async () => { await new Promise((go) => setImmediate(go)); throw new Error("late"); };
const thrower = () => { throw new Error("at once"); };
const make = async (platform) => {
  const [offer] = offersOf(readCatalog((await platform.send("catalog")).json));
  const body = { service_id: offer.service.id, plan_id: offer.plan.id, organization_guid: "o", space_guid: "s" };
  return platform.provision(offer, platform.newId(), { query: { accepts_incomplete: "true" }, body });
};
const checks = [
  { ...base, id: "sound", run: async (platform) => pass(await platform.send("catalog")) },
  { ...base, id: "throws-beside", run: async (platform) => { await make(platform); await Promise.all([late(), thrower()]); } },
  { ...base, id: "forgets", run: async (platform) => { void Promise.reject(new Error("forgotten")); return pass(await make(platform)); } },
];
const suite = defineSuite({ name: "osb", checks, open: () => ({ contextFor: (platform) => platform }) });
const events = [];
const summary = await certify({ url: "http://127.0.0.1:1", username: "drydock", password: "conformance", profile: "osb-2.17",
  fetch: asFetch(createMemoryBroker().handle), suites: [suite] }, (event) => void events.push(event));
console.log(JSON.stringify({ summary, last: events.at(-1) }));
`;

it("an unhandled rejection is a defect of drydock itself in its check, and never the end of the run", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", RUN], {
    cwd: new URL("../..", import.meta.url),
    timeout: 600_000,
  });
  const { summary, last } = JSON.parse(stdout);
  const verdicts = Object.fromEntries(
    summary.results.map((each: { check: { id: string }; verdict: string }) => [each.check.id, each.verdict]),
  );
  expect(verdicts).toEqual({ sound: "pass", "throws-beside": "unknown", forgets: "unknown" });
  for (const { verdict, reason } of summary.results)
    if (verdict === "unknown") expect(reason).toContain("a defect of drydock itself");
  expect(summary).toMatchObject({ exitCode: 2, conformant: false, leftBehind: [] });
  expect(last).toMatchObject({ type: "run-finished", exitCode: 2 });
});
