import { differingLines, type Score, scenarioRows, scoreOf, scoresByArea } from "../../parity/ratchet.ts";
import type { ParitySubject } from "../../parity/subject.ts";
import { recordingsIn } from "./recording.ts";
import { replay, type ScenarioResult } from "./replay.ts";
import { refusedRows, routeStatuses, routeTotals, servedRows } from "./routes.ts";

const scoreRow = ({ name, scenarios, scenariosMatched, steps, stepsMatched }: Score): string =>
  `| ${name} | ${scenariosMatched} / ${scenarios} | ${stepsMatched} / ${steps} | ${((100 * stepsMatched) / Math.max(1, steps)).toFixed(1)} % |`;

/** The services of OpenStack, against recordings of real ones. `cross` are sequences over several of them, the CPI's among them. */
export const openStackParity: ParitySubject<ScenarioResult> = {
  name: "openstack",
  replay: (directory) => replay(recordingsIn(directory)),
  markdown: (scenarios) => {
    const statuses = routeStatuses(scenarios);
    return [
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
      "`bosh` is the director's CPI and `openstack` the command line client, each observed at the real services (docs/discoveries/openstack.md,",
      '"What clients call"); the CPI\'s own sequences are among the recordings. Recorded: requests of the recordings above. HEAD stands beside GET where it',
      "does the same. Tempest and gophercloud were run against the simulator too, but which routes they called was not kept.",
      "",
      "| Service | Served | Of real clients | Only recorded | Neither | Refused |",
      "|---|---|---|---|---|---|",
      ...routeTotals(statuses),
      "",
      "### Served",
      "",
      "| Service | Route | Needs | Real clients | Recorded |",
      "|---|---|---|---|---|",
      ...servedRows(statuses),
      "",
      "### Refused",
      "",
      "The real services have these, the simulator has not: each refuses with 501, in its service's own form.",
      "",
      "| Service | Route |",
      "|---|---|",
      ...refusedRows(statuses),
      "",
    ].join("\n");
  },
};
