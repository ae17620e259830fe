import { Kernel } from "../../kernel/index.ts";
import { createOpenStack } from "../index.ts";
import type { ScenarioResult } from "./replay.ts";

/** What `docs/parity/openstack.json` keeps: how far each scenario matched. It may only grow. */
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

/** Scenarios and steps that match, out of all. */
export interface Score {
  readonly name: string;
  readonly scenarios: number;
  readonly scenariosMatched: number;
  readonly steps: number;
  readonly stepsMatched: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const scoreOf = (name: string, scenarios: readonly ScenarioResult[]): Score => ({
  name,
  scenarios: scenarios.length,
  scenariosMatched: scenarios.filter(({ steps, matched }) => steps === matched).length,
  steps: sum(scenarios.map(({ steps }) => steps)),
  stepsMatched: sum(scenarios.map(({ matched }) => matched)),
});

/** One score per service, then the total. `cross` are sequences over several services, the CPI's among them. */
export function scores(scenarios: readonly ScenarioResult[]): readonly Score[] {
  const areas = [...new Set(scenarios.map(({ area }) => area))].sort();
  const each = areas.map((area) =>
    scoreOf(
      area,
      scenarios.filter((one) => one.area === area),
    ),
  );
  return [...each, scoreOf("total", scenarios)];
}

/** `docs/parity/openstack.md`: scores by service, each scenario, then each route with the real clients that were seen using it. */
export function markdown(scenarios: readonly ScenarioResult[]): string {
  const all = scores(scenarios);
  return [
    "# Parity: OpenStack",
    "",
    "Recordings of real services (Zed) replayed in process: same request, same status, headers and body once ids and times are masked.",
    "What is not simulated counts as not matching.",
    "",
    "| Service | Scenarios | Steps | |",
    "|---|---|---|---|",
    ...all.map(
      (score) =>
        `| ${score.name} | ${score.scenariosMatched} / ${score.scenarios} | ${score.stepsMatched} / ${score.steps} | ${((100 * score.stepsMatched) / Math.max(1, score.steps)).toFixed(1)} % |`,
    ),
    "",
    "## Scenarios",
    "",
    "| Service | Scenario | Steps |",
    "|---|---|---|",
    ...scenarios.map((each) => `| ${each.area} | ${each.id} | ${each.matched} / ${each.steps} |`),
    "",
    "## Routes",
    "",
    "`bosh` is the director's CPI, `openstack` the command line client.",
    "",
    "| Service | Route | Needs | Seen used by |",
    "|---|---|---|---|",
    ...routeRows(),
    "",
  ].join("\n");
}

function routeRows(): readonly string[] {
  const { services } = createOpenStack(new Kernel({ seed: "parity" }));
  return Object.values(services).flatMap(({ name, routes }) =>
    routes.map(
      ({ method, path, auth, clients }) => `| ${name} | \`${method} ${path}\` | ${auth} | ${clients.join(", ")} |`,
    ),
  );
}
