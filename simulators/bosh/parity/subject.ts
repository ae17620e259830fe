import { readScenarios } from "../../parity/recording.ts";
import { Kernel } from "../../kernel/index.ts";
import { countRequests } from "../../parity/routes.ts";
import { describeScore, scenarioSections, scoreOf } from "../../parity/ratchet.ts";
import { type ParitySubject, RECORDINGS } from "../../parity/subject.ts";
import { createBosh, createDummyCpi } from "../index.ts";
import { recordingsIn, type Scenario } from "./recording.ts";
import { replay, type ScenarioResult } from "./replay.ts";

/** The director, against recordings of a real one with the dummy CPI. */
export const boshParity: ParitySubject<ScenarioResult> = {
  name: "bosh",
  replay: async (directory) => {
    const scenarios: ScenarioResult[] = [];
    for (const recordings of recordingsIn(directory)) scenarios.push(...(await replay(recordings)).scenarios);
    return scenarios;
  },
  markdown: (scenarios) =>
    [
      "# Parity: BOSH director",
      "",
      `Recordings of a real director replayed in process: ${describeScore(scoreOf("director", scenarios))}.`,
      describeVerdicts(scenarios),
      `${scenarios.reduce((sum, { cli }) => sum + cli, 0)} of the steps are runs of the \`bosh\` CLI; they are judged by the requests that it sent and their answers, not by what it printed.`,
      "",
      ...scenarioSections(scenarios),
      "## Routes",
      "",
      "`bosh` is the CLI, `odb` the on-demand-service-broker, `fabrik` the service-fabrik-broker, `hm` the health monitor. The last column counts the recorded requests, including those of the CLI's runs. No route exists merely to answer that something is not simulated.",
      "",
      "| Route | Needs | Seen used by | Recorded |",
      "|---|---|---|---|",
      ...routeRows(),
      "",
    ].join("\n"),
};

function describeVerdicts(scenarios: readonly ScenarioResult[]): string {
  const steps = scenarios.reduce((sum, each) => sum + each.steps, 0);
  const right = scenarios.reduce((sum, each) => sum + each.verdicts, 0);
  return `In ${right} of ${steps} steps the verdict is the recorded one (refused or accepted, succeeded or failed), whatever the words.`;
}

function routeRows(): readonly string[] {
  const kernel = new Kernel({ seed: "parity" });
  const { director } = createBosh(kernel, { users: [], cpi: createDummyCpi(kernel) });
  const recorded = recordedRequests();
  return director.routes
    .filter(({ method }) => method !== "HEAD")
    .map((route) => {
      const count = countRequests(route, recorded);
      return `| \`${route.method} ${route.path}\` | ${route.auth} | ${route.clients.join(", ")} | ${count} |`;
    });
}

/** `METHOD path`, without query, of each request in the repository's recordings. */
function recordedRequests(): readonly string[] {
  const steps = recordingsIn(RECORDINGS)
    .flatMap((file) => readScenarios<Scenario>(file))
    .flatMap((scenario) => scenario.steps);
  const lines = steps.flatMap((step) => {
    if ("request" in step) return [`${step.request.method} ${step.request.path}`];
    return "cli" in step ? step.cli.wire : [];
  });
  return lines.map((line) => line.split(" ").slice(0, 2).join(" ").replace(/\?.*$/, ""));
}
