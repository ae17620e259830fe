import { Kernel } from "../../kernel/index.ts";
import { differingLines, describeScore, scenarioRows, scoreOf } from "../../parity/ratchet.ts";
import type { ParitySubject } from "../../parity/subject.ts";
import { createBosh, createDummyCpi } from "../index.ts";
import { recordingsIn } from "./recording.ts";
import { replay, type ScenarioResult } from "./replay.ts";

/** The director, against recordings of a real one with the dummy CPI. */
export const boshParity: ParitySubject<ScenarioResult> = {
  name: "bosh",
  replay: async (directory) => (await replay(recordingsIn(directory))).scenarios,
  markdown: (scenarios) =>
    [
      "# Parity: BOSH director",
      "",
      `Recordings of a real director replayed in process: ${describeScore(scoreOf("director", scenarios))}.`,
      `${scenarios.reduce((sum, { cli }) => sum + cli, 0)} of the steps are runs of the \`bosh\` CLI; they are judged by the requests that it sent and their answers, not by what it printed.`,
      "",
      "| Area | Scenario | Steps |",
      "|---|---|---|",
      ...scenarioRows(scenarios),
      "",
      "## What differs",
      "",
      ...differingLines(scenarios),
      "",
      "## Routes",
      "",
      "`bosh` is the CLI, `odb` the on-demand-service-broker, `fabrik` the service-fabrik-broker, `hm` the health monitor.",
      "",
      "| Route | Needs | Seen used by |",
      "|---|---|---|",
      ...routeRows(),
      "",
    ].join("\n"),
};

function routeRows(): readonly string[] {
  const kernel = new Kernel({ seed: "parity" });
  const { director } = createBosh(kernel, { users: [], cpi: createDummyCpi(kernel) });
  return director.routes
    .filter(({ method }) => method !== "HEAD")
    .map(({ method, path, auth, clients }) => `| \`${method} ${path}\` | ${auth} | ${clients.join(", ")} |`);
}
