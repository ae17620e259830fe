import { Kernel } from "../../kernel/index.ts";
import { createDns } from "../index.ts";
import type { ScenarioResult } from "./replay.ts";

/** What `docs/parity/dns.json` keeps: how far each scenario matched. It may only grow. */
export interface Ratchet {
  readonly scenarios: Readonly<Record<string, { readonly steps: number; readonly matched: number }>>;
}

export const ratchetOf = (scenarios: readonly ScenarioResult[]): Ratchet => ({
  scenarios: Object.fromEntries(scenarios.map(({ id, steps, matched }) => [id, { steps, matched }])),
});

/** Scenarios that match less than they did. */
export const slipped = (before: Ratchet, scenarios: readonly ScenarioResult[]): readonly string[] =>
  scenarios
    .filter(({ id, matched }) => matched < (before.scenarios[id]?.matched ?? 0))
    .map(
      ({ id, matched, firstDifference }) =>
        `${id}: ${matched} of ${before.scenarios[id]?.matched}: ${firstDifference ?? ""}`,
    );

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** `docs/parity/dns.md`: the scenarios by area, what differs, then each route with the real clients that were seen using it. */
export function markdown(scenarios: readonly ScenarioResult[]): string {
  const whole = scenarios.filter(({ steps, matched }) => steps === matched).length;
  const [steps, matched] = [sum(scenarios.map((each) => each.steps)), sum(scenarios.map((each) => each.matched))];
  const areas = [...new Set(scenarios.map(({ area }) => area))];
  const rows = areas.flatMap((area) =>
    scenarios
      .filter((each) => each.area === area)
      .map((each) => `| ${area} | ${each.id} | ${each.matched} / ${each.steps} |`),
  );
  return [
    "# Parity: Consul, HTTP and DNS",
    "",
    `Recordings of Consul 1.8.7 replayed in process: **${whole} of ${scenarios.length} scenarios, ${matched} of ${steps} steps** match.`,
    "A step is one request over HTTP, one DNS message over UDP or TCP (compared byte for byte unless its order is random), or a time that must pass.",
    "",
    "| Area | Scenario | Steps |",
    "|---|---|---|",
    ...rows,
    "",
    "## What differs",
    "",
    ...differingRows(scenarios),
    "",
    "## Routes",
    "",
    "`consul` is the API as the broker and Consul's own client use it.",
    "",
    "| Route | Seen used by |",
    "|---|---|",
    ...routeRows(),
    "",
  ].join("\n");
}

const DIFFERENCE_CHARACTERS_MAX = 200;

function differingRows(scenarios: readonly ScenarioResult[]): readonly string[] {
  const differing = scenarios.filter(({ steps, matched }) => matched < steps);
  if (differing.length === 0) return ["Nothing."];
  return differing.map(
    ({ id, firstDifference = "" }) => `- ${id}: ${firstDifference.slice(0, DIFFERENCE_CHARACTERS_MAX)}`,
  );
}

function routeRows(): readonly string[] {
  const { http } = createDns(new Kernel({ seed: "parity" }), { address: "127.0.0.1" });
  return http.routes.map(({ method, path, clients }) => `| \`${method} ${path}\` | ${clients.join(", ")} |`);
}
