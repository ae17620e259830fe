import { expect, it } from "vitest";
import { seedPage } from "./trace-page.ts";
import { laneOf, type SeedTrace } from "./trace.ts";

const trace = (reason: string): SeedTrace => ({
  result: {
    seed: 7,
    verdict: "fail",
    digest: "d",
    steps: 1,
    reason,
    counterexample: { steps: ["bind <1>"], path: "0" },
  },
  steps: [{ name: "bind <1>", atMs: 3_723_400, before: ["broker: up"], after: ["broker: down"] }],
  events: [{ atMs: 3_723_400, lane: "faults", text: "fault.act <x>" }],
  records: ['{"id":"<i>"}'],
});

it("the page of a failing seed has the broken law, states, records and events as text, the shrunk plan next to the drawn one, and no script", () => {
  const html = seedPage({
    scenario: "s",
    seed: 7,
    replay: `drydock replay s --seed 7 --path "0"`,
    original: trace("a disk is left"),
    shrunk: trace("<b> is left"),
  });
  for (const text of [
    "a disk is left",
    "&lt;b&gt; is left",
    "bind &lt;1&gt;",
    "broker: down",
    "{&quot;id&quot;:&quot;&lt;i&gt;&quot;}",
    "1 h 2 min 3.4 s fault.act &lt;x&gt;",
    "--path &quot;0&quot;",
  ])
    expect(html).toContain(text);
  expect(html).not.toMatch(/<script|https?:/);
});

it.each([
  ["bosh", "vm.create", "CPI"],
  ["bosh", "disk.delete", "CPI"],
  ["bosh", "disk.orphan", "director"],
  ["bosh", "task.done", "director"],
  ["nova", "server.create", "OpenStack"],
  ["dataservices", "user.create", "agents"],
  ["kernel", "fault.act", "faults"],
])("an event of %s, %s, is in the lane %s", (source, kind, lane) => {
  expect(laneOf({ source, kind })).toBe(lane);
});
