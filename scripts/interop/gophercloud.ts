import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { stripVTControlCharacters } from "node:util";
import { isObject } from "../../simulators/kernel/index.ts";
import { type Client, runTests, step, type TestedCloud, type TestResult, type TestResults, within } from "./client.ts";
import { ADMIN } from "./furnish.ts";

const MODULE = "github.com/gophercloud/gophercloud/v2";
const RELEASE = "v2.16.0";
const TESTS = "internal/acceptance/openstack";
const GROUP_MS_MAX = 900_000;

const EXTENSIONS = [
  "agents",
  "dns",
  "layer3",
  "mtu",
  "networkipavailabilities",
  "portsbinding",
  "qos/policies",
  "qos/rules",
  "qos/ruletypes",
  "quotas",
  "rbacpolicies",
  "segments",
  "subnetpools",
  "trunk_details",
  "trunks",
  "vlantransparent",
];

/** Packages of tests for services that a cloud of Zed has. */
const GROUPS = [
  "blockstorage",
  "blockstorage/v3",
  "compute/v2",
  "dns/v2",
  "identity/v3",
  "image/v2",
  "loadbalancer/v2",
  "networking/v2",
  "networking/v2/extensions",
  ...EXTENSIONS.map((name) => `networking/v2/extensions/${name}`),
  "objectstorage/v1",
];

const source = within("gophercloud", "source");
const programOf = (group: string): string => within("gophercloud", `${group.replaceAll("/", "_")}.test`);

/** The module, and each package of its acceptance tests as a program: Go compiles for a minute or two. */
async function install(): Promise<void> {
  const folder = within("gophercloud");
  await mkdir(folder, { recursive: true });
  const module: unknown = JSON.parse(await step("go", ["mod", "download", "-json", `${MODULE}@${RELEASE}`], folder));
  const cached = isObject(module) ? String(module.Dir) : "";
  await cp(cached, source, { recursive: true, mode: 0 });
  await step("chmod", ["-R", "u+w", source], folder);
  for (const group of GROUPS)
    await step("go", ["test", "-tags", "acceptance", "-c", "-o", programOf(group), `./${TESTS}/${group}`], source);
  await writeFile(within("gophercloud", "installed"), `${RELEASE}\n`);
}

const environmentOf = ({
  authUrl,
  image,
  otherFlavor,
  network,
  externalNetwork,
  ephemeralFlavor,
}: TestedCloud): NodeJS.ProcessEnv => ({
  OS_AUTH_URL: authUrl,
  OS_USERNAME: ADMIN.user,
  OS_PASSWORD: ADMIN.password,
  OS_PROJECT_NAME: ADMIN.project,
  OS_TENANT_NAME: ADMIN.project,
  OS_DOMAIN_NAME: "Default",
  OS_REGION_NAME: "RegionOne",
  OS_IMAGE_ID: image,
  OS_FLAVOR_ID: ephemeralFlavor,
  OS_FLAVOR_ID_RESIZE: otherFlavor,
  OS_NETWORK_NAME: "private",
  OS_NETWORK_ID: network,
  OS_EXTGW_ID: externalNetwork,
  OS_POOL_NAME: "public",
  OS_BRANCH: "stable/zed",
});

const OUTCOMES = { PASS: "pass", FAIL: "fail", SKIP: "skip" } as const;

/** Go's output: a line when a test begins, the test's own output, and a line when it ends. */
function parse(group: string, printed: string): TestResults {
  const results = new Map<string, TestResult>();
  const words = new Map<string, string[]>();
  let running = "";
  for (const line of stripVTControlCharacters(printed).split("\n")) {
    running = /^=== (?:RUN|CONT)\s+(\S+)/.exec(line)?.[1] ?? running;
    const end = /^--- (PASS|FAIL|SKIP): (\S+)/.exec(line);
    const [, word, name = ""] = end ?? [];
    if (word === "PASS" || word === "FAIL" || word === "SKIP")
      results.set(`${group}.${name}`, { outcome: OUTCOMES[word], said: (words.get(name) ?? []).at(-1) ?? "" });
    else if (/Failure in|[Uu]nable|rror/.test(line)) words.set(running, [...(words.get(running) ?? []), line.trim()]);
  }
  if (running !== "" && !results.has(`${group}.${running}`))
    results.set(`${group}.${running}`, { outcome: "fail", said: "it did not end" });
  return results;
}

async function run(group: string, cloud: TestedCloud): Promise<TestResults> {
  const log = within("gophercloud", `${group.replaceAll("/", "_")}.log`);
  const args = ["-test.v", `-test.timeout=${GROUP_MS_MAX / 1000}s`];
  const cwd = `${source}/${TESTS}/${group}`;
  await runTests(programOf(group), args, { cwd, env: environmentOf(cloud), log, timeoutMs: GROUP_MS_MAX });
  return parse(group, await readFile(log, "utf8"));
}

/** The Go SDK: its acceptance tests, as the administrator. */
export const GOPHERCLOUD: Client = {
  name: "gophercloud",
  packages: [`${MODULE}@${RELEASE}`],
  groups: GROUPS,
  sample: ["dns/v2", "image/v2", "loadbalancer/v2", "networking/v2/extensions/layer3", "objectstorage/v1"],
  program: within("gophercloud", "installed"),
  install,
  run,
};
