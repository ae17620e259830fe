import { Kernel } from "../../kernel/index.ts";
import { createBosh, createDummyCpi } from "../index.ts";
import type { ScenarioResult } from "./replay.ts";

/** What `docs/parity/bosh.json` keeps: how far each scenario matched. It may only grow. */
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

/** `docs/parity/bosh.md`: the scenarios by area, then each route with the real clients that were seen using it. */
export function markdown(scenarios: readonly ScenarioResult[]): string {
  const whole = scenarios.filter(({ steps, matched }) => steps === matched).length;
  const [steps, matched, cli] = [
    sum(scenarios.map((each) => each.steps)),
    sum(scenarios.map((each) => each.matched)),
    sum(scenarios.map((each) => each.cli)),
  ];
  const areas = [...new Set(scenarios.map(({ area }) => area))];
  const rows = areas.flatMap((area) =>
    scenarios
      .filter((each) => each.area === area)
      .map((each) => `| ${area} | ${each.id} | ${each.matched} / ${each.steps} |`),
  );
  return [
    "# Parity: BOSH director",
    "",
    `Recordings of a real director replayed in process: **${whole} of ${scenarios.length} scenarios, ${matched} of ${steps} steps** match.`,
    `${cli} of the steps are runs of the \`bosh\` CLI; they are judged by the requests that it sent and their answers, not by what it printed.`,
    "",
    "| Area | Scenario | Steps |",
    "|---|---|---|",
    ...rows,
    "",
    "## Routes",
    "",
    "`bosh` is the CLI, `odb` the on-demand-service-broker, `fabrik` the service-fabrik-broker, `hm` the health monitor.",
    "",
    "| Route | Needs | Seen used by |",
    "|---|---|---|",
    ...routeRows(),
    "",
  ].join("\n");
}

function routeRows(): readonly string[] {
  const kernel = new Kernel({ seed: "parity" });
  const { director } = createBosh(kernel, { users: [], cpi: createDummyCpi(kernel) });
  return director.routes
    .filter(({ method }) => method !== "HEAD")
    .map(({ method, path, auth, clients }) => `| \`${method} ${path}\` | ${auth} | ${clients.join(", ")} |`);
}
