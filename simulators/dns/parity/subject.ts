import { Kernel } from "../../kernel/index.ts";
import { differingLines, describeScore, scenarioRows, scoreOf } from "../../parity/ratchet.ts";
import { readScenarios } from "../../parity/recording.ts";
import { countRequests } from "../../parity/routes.ts";
import { type ParitySubject, RECORDINGS } from "../../parity/subject.ts";
import { createDns } from "../index.ts";
import { recordingsIn, versionOf } from "./recording-files.ts";
import type { Scenario } from "./recording.ts";
import { replay, type ScenarioResult } from "./replay.ts";

/** Consul, against recordings of real agents. */
export const dnsParity: ParitySubject<ScenarioResult> = {
  name: "dns",
  replay: async (directory) => (await Promise.all(recordingsIn(directory).map(replayFile))).flat(),
  markdown: (scenarios) =>
    [
      "# Parity: Consul, HTTP and DNS",
      "",
      `Recordings of real agents replayed in process: ${describeScore(scoreOf("consul", scenarios))}. By release:`,
      "",
      ...["1.8.7", "1.22.0"].map((version) => `- Consul ${version}: ${describeScore(scoreOf(version, ofVersion(scenarios, version)))}`),
      "",
      "A step is one request over HTTP, one DNS message over UDP or TCP (compared byte for byte unless its order is random), or a time that must pass.",
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
      "`consul` is the API as the broker and Consul's own client use it. The last column counts the recorded requests. No route is only there to refuse.",
      "",
      "| Route | Seen used by | Recorded |",
      "|---|---|---|",
      ...routeRows(),
      "",
    ].join("\n"),
};

const TODAY = "1.22 ";
const ofVersion = (scenarios: readonly ScenarioResult[], version: string): readonly ScenarioResult[] =>
  scenarios.filter(({ id }) => id.startsWith(TODAY) === (version === "1.22.0"));

/** The scenarios of today's release carry it in their names: the older one has scenarios of the same. */
async function replayFile(file: string): Promise<readonly ScenarioResult[]> {
  const { scenarios } = await replay(file);
  if (versionOf(file) === "1.8.7") return scenarios;
  return scenarios.map((each) => ({ ...each, id: TODAY + each.id, area: TODAY + each.area }));
}

function routeRows(): readonly string[] {
  const { http } = createDns(new Kernel({ seed: "parity" }), { address: "127.0.0.1" });
  const recorded = recordedRequests();
  return http.routes.map(({ method, path, clients }) => {
    const count = countRequests({ method, path }, recorded);
    return `| \`${method} ${path}\` | ${clients.join(", ")} | ${count} |`;
  });
}

/** `METHOD /path`, without query, of each request over HTTP in the repository's recordings. */
const recordedRequests = (): readonly string[] =>
  recordingsIn(RECORDINGS)
    .flatMap((file) => readScenarios<Scenario>(file))
    .flatMap(({ steps }) => steps)
    .flatMap((step) => ("http" in step ? [`${step.http.method} ${step.http.path.replace(/\?.*$/, "")}`] : []));
