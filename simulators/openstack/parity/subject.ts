import { differingLines, type Score, scenarioRows, scoreOf, scoresByArea } from "../../parity/ratchet.ts";
import type { ParitySubject } from "../../parity/subject.ts";
import { recordingsIn } from "./recording.ts";
import { replay, type ScenarioResult } from "./replay.ts";
import { routeRows, routeStatuses } from "./routes.ts";

const scoreRow = ({ name, scenarios, scenariosMatched, steps, stepsMatched }: Score): string =>
  `| ${name} | ${scenariosMatched} / ${scenarios} | ${stepsMatched} / ${steps} | ${((100 * stepsMatched) / Math.max(1, steps)).toFixed(1)} % |`;

/** The services of OpenStack, against recordings of real ones. `cross` are sequences over several of them, the CPI's among them. */
export const openStackParity: ParitySubject<ScenarioResult> = {
  name: "openstack",
  replay: (directory) => replay(recordingsIn(directory)),
  markdown: (scenarios) =>
    [
      "# Parity: OpenStack",
      "",
      "Recordings of real services (Zed) replayed in process: same request, same status, headers and body once ids and times are masked.",
      "What is not simulated counts as not matching.",
      "",
      "| Service | Scenarios | Steps | |",
      "|---|---|---|---|",
      ...[...scoresByArea(scenarios), scoreOf("total", scenarios)].map(scoreRow),
      "",
      "## What differs",
      "",
      ...differingLines(scenarios),
      "",
      "## Scenarios",
      "",
      "| Service | Scenario | Steps |",
      "|---|---|---|",
      ...scenarioRows(scenarios),
      "",
      "## Routes",
      "",
      "Seen from: `bosh` is the director's CPI (declared, or in its recorded sequences), `openstack` the command line client, `recorded` a",
      "request of the recordings above; nothing: none of these. A route marked `not simulated` refuses with 501, in the service's own form.",
      "",
      "| Service | Route | Needs | Seen from | |",
      "|---|---|---|---|---|",
      ...routeRows(routeStatuses(scenarios)),
      "",
    ].join("\n"),
};
