/** How far one recorded scenario matches. */
export interface ScenarioScore {
  readonly id: string;
  readonly area: string;
  readonly steps: number;
  readonly matched: number;
  readonly firstDifference?: string;
}

/** The contents of `docs/parity/NAME.json`: how far each scenario matched. It may only grow. */
export interface Ratchet {
  readonly scenarios: Readonly<Record<string, { readonly steps: number; readonly matched: number }>>;
}

/** The ratchet made from these scores. */
export const ratchetOf = (scenarios: readonly ScenarioScore[]): Ratchet => ({
  scenarios: Object.fromEntries(scenarios.map(({ id, steps, matched }) => [id, { steps, matched }])),
});

/** Scenarios that match less than they did, or are gone. */
export function findRegressions(before: Ratchet, scenarios: readonly ScenarioScore[]): readonly string[] {
  const now = new Map(scenarios.map((each) => [each.id, each]));
  return Object.entries(before.scenarios)
    .filter(([id, { matched }]) => (now.get(id)?.matched ?? -1) < matched)
    .map(([id, { matched }]) => {
      const score = now.get(id);
      return `${id}: ${score?.matched ?? "not replayed, instead"} of ${matched}: ${score?.firstDifference ?? ""}`;
    });
}

/** Scenarios and steps that match, out of all. */
export interface Score {
  readonly name: string;
  readonly scenarios: number;
  readonly scenariosMatched: number;
  readonly steps: number;
  readonly stepsMatched: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The score of several scenarios together. */
export const scoreOf = (name: string, scenarios: readonly ScenarioScore[]): Score => ({
  name,
  scenarios: scenarios.length,
  scenariosMatched: scenarios.filter(({ steps, matched }) => steps === matched).length,
  steps: sum(scenarios.map(({ steps }) => steps)),
  stepsMatched: sum(scenarios.map(({ matched }) => matched)),
});

/** One score for each area, by name. */
export function scoresByArea(scenarios: readonly ScenarioScore[]): readonly Score[] {
  const areas = Map.groupBy(scenarios, ({ area }) => area);
  return [...areas].sort(([a], [b]) => (a < b ? -1 : 1)).map(([area, list]) => scoreOf(area, list));
}

/** The part of a parity page that lists all scenarios, and what differs. */
export function scenarioSections(scenarios: readonly ScenarioScore[]): readonly string[] {
  return [
    "| Area | Scenario | Steps |",
    "|---|---|---|",
    ...scenarioRows(scenarios),
    "",
    "## What differs",
    "",
    ...differingLines(scenarios),
    "",
  ];
}

/** Rows of a table `| Area | Scenario | Steps |`, those of an area together. */
export function scenarioRows(scenarios: readonly ScenarioScore[]): readonly string[] {
  return [...Map.groupBy(scenarios, ({ area }) => area)].flatMap(([area, list]) =>
    list.map(({ id, steps, matched }) => `| ${area} | ${id} | ${matched} / ${steps} |`),
  );
}

const DIFFERENCE_CHARACTERS_MAX = 200;

/** A line for each scenario that does not match completely, with its first difference. */
export function differingLines(scenarios: readonly ScenarioScore[]): readonly string[] {
  const differing = scenarios.filter(({ steps, matched }) => matched < steps);
  if (differing.length === 0) return ["Nothing."];
  return differing.map(
    ({ id, firstDifference = "" }) => `- ${id}: ${firstDifference.slice(0, DIFFERENCE_CHARACTERS_MAX)}`,
  );
}

/** `**57 of 57 scenarios, 1131 of 1131 steps** match`. */
export const describeScore = ({ scenarios, scenariosMatched, steps, stepsMatched }: Score): string =>
  `**${scenariosMatched} of ${scenarios} scenarios, ${stepsMatched} of ${steps} steps** match`;
