import { basename } from "node:path";
import { Kernel } from "../../kernel/index.ts";
import { describeScore, scenarioSections, scoreOf } from "../../parity/ratchet.ts";
import { readScenarios } from "../../parity/recording.ts";
import { countRequests } from "../../parity/routes.ts";
import { type ParitySubject, RECORDINGS } from "../../parity/subject.ts";
import { createDns } from "../index.ts";
import { replayBoshDns } from "./bosh-replay.ts";
import { BOSH_RECORDING, NAMES_RECORDING, recordingsIn, versionOf } from "./recording-files.ts";
import type { Scenario } from "./recording.ts";
import { replay, type ScenarioResult } from "./replay.ts";

/** Consul and BOSH DNS, against recordings of real ones. */
export const dnsParity: ParitySubject<ScenarioResult> = {
  name: "dns",
  replay: (directory) => replayAll(directory, false),
  replayOverSockets: (directory) => replayAll(directory, true),
  markdown: (scenarios) =>
    [
      "# Parity: Consul and BOSH DNS",
      "",
      `Recordings of the real ones replayed in process: ${describeScore(scoreOf("dns", scenarios))}. Over sockets (\`npm run parity -- --only dns --sockets\`) as many matched when this was written.`,
      "",
      ...SYSTEMS.map(({ name, has }) => `- ${name}: ${describeScore(scoreOf(name, scenarios.filter(has)))}`),
      "",
      "A step is one request over HTTP, one DNS message over UDP or TCP (compared byte for byte unless its order is random), or a time that must pass.",
      "",
      ...scenarioSections(scenarios),
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
const BOSH = /^bosh-/;
const SYSTEMS: readonly { readonly name: string; readonly has: (scenario: ScenarioResult) => boolean }[] = [
  { name: "Consul 1.8.7", has: ({ id, area }) => !id.startsWith(TODAY) && !BOSH.test(area) },
  { name: "Consul 1.22.0", has: ({ id }) => id.startsWith(TODAY) },
  { name: "BOSH DNS", has: ({ area }) => BOSH.test(area) },
];

/** All recordings of names in a directory, which may hold those of Consul, of BOSH DNS, or both. @throws Error when there are none */
async function replayAll(directory: string, overSockets: boolean): Promise<readonly ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  const files = recordingsIn(directory, NAMES_RECORDING);
  for (const file of files.filter((each) => !BOSH_RECORDING.test(basename(each))))
    results.push(...(await replayFile(file, overSockets)));
  for (const file of files.filter((each) => BOSH_RECORDING.test(basename(each))))
    results.push(...(await replayBoshDns(file, { overSockets })));
  return results;
}

/** The scenarios of today's release carry it in their names: the older one has scenarios of the same. */
async function replayFile(file: string, overSockets: boolean): Promise<readonly ScenarioResult[]> {
  const { scenarios } = await replay(file, { overSockets });
  if (versionOf(file) === "1.8.7") return scenarios;
  return scenarios.map((each) => ({ ...each, id: TODAY + each.id, area: TODAY + each.area }));
}

function routeRows(): readonly string[] {
  const { http } = createDns(new Kernel({ seed: "parity" }), { address: "127.0.0.1", version: "1.8.7" });
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
