import { differingLines, type Score, scenarioRows, scoreOf, scoresByArea } from "../../parity/ratchet.ts";
import { type ParitySubject, RECORDINGS } from "../../parity/subject.ts";
import { recordingsIn } from "./recording.ts";
import { replay, type ScenarioResult } from "./replay.ts";
import { replaySockets, socketFilesIn } from "./sockets.ts";
import { readClientTraffic, refusedRows, routeStatuses, routeTotals, servedRows } from "./routes.ts";

const scoreRow = ({ name, scenarios, scenariosMatched, steps, stepsMatched }: Score): string =>
  `| ${name} | ${scenariosMatched} / ${scenarios} | ${stepsMatched} / ${steps} | ${((100 * stepsMatched) / Math.max(1, steps)).toFixed(1)} % |`;

/** The meaning of the tables of routes. `client` is the client that ran in a simulated cloud. */
const routesIntro = (client: string): readonly string[] => [
  "`bosh` is the director's CPI and `openstack` the command line client, each observed at the real services (docs/discoveries/openstack.md,",
  `"What clients call"); the CPI's own sequences are among the recordings. \`${client}\` also ran the commands of`,
  "`recordings/openstack-cli.txt` in a simulated cloud (`npm run clients`), and is named at each route that it called there.",
  "Recorded: requests of the recordings above. HEAD stands beside GET where it does the same.",
  "",
  "*Neither* counts routes that no recording and no client here has called: they follow the API reference and the services' source, and nothing",
  "else vouches for them. Most are for operators and other services (Cinder's groups, attachments, messages, hosts and quota classes; Keystone's",
  "inherited and system grants, and trusts), repeat another form (the tags of each Neutron resource one by one; Nova's former proxies for images,",
  "security groups and floating IPs), or are further methods of Swift. Tempest and gophercloud ran against the simulator too, but which",
  "routes they called was not kept.",
];

/** The services of OpenStack, against recordings of real ones. `cross` are sequences over several of them, the CPI's among them. */
export const openStackParity: ParitySubject<ScenarioResult> = {
  name: "openstack",
  replay: async (directory) => [
    ...(await replay(recordingsIn(directory))),
    ...(await replaySockets(socketFilesIn(directory))),
  ],
  replayOverSockets: (directory) => openStackParityOverSockets(directory),
  markdown: (scenarios) => {
    const traffic = readClientTraffic(RECORDINGS);
    const statuses = routeStatuses(scenarios, traffic);
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
      ...routesIntro(traffic.client),
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

/** The same with each request over TCP instead of in process. */
const openStackParityOverSockets = async (directory: string): Promise<readonly ScenarioResult[]> => [
  ...(await replay(recordingsIn(directory), { face: "sockets" })),
  ...(await replaySockets(socketFilesIn(directory))),
];
