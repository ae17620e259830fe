import { Kernel } from "../../kernel/index.ts";
import { differingLines, describeScore, scenarioRows, scoreOf } from "../../parity/ratchet.ts";
import { readScenarios } from "../../parity/recording.ts";
import { countRequests } from "../../parity/routes.ts";
import { type ParitySubject, RECORDINGS } from "../../parity/subject.ts";
import { createDns } from "../index.ts";
import { recordingsIn, type Scenario } from "./recording.ts";
import { replay, type ScenarioResult } from "./replay.ts";

/** Consul, against recordings of real agents. */
export const dnsParity: ParitySubject<ScenarioResult> = {
  name: "dns",
  replay: async (directory) => (await replay(recordingsIn(directory))).scenarios,
  markdown: (scenarios) =>
    [
      "# Parity: Consul, HTTP and DNS",
      "",
      `Recordings of Consul 1.8.7 replayed in process: ${describeScore(scoreOf("consul", scenarios))}.`,
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
  readScenarios<Scenario>(recordingsIn(RECORDINGS))
    .flatMap(({ steps }) => steps)
    .flatMap((step) => ("http" in step ? [`${step.http.method} ${step.http.path.replace(/\?.*$/, "")}`] : []));
