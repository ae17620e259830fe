import { mkdir, readFile, writeFile } from "node:fs/promises";
import { type Client, runTests, step, type TestedCloud, type TestResult, type TestResults, within } from "./client.ts";
import { ADMIN, USERS } from "./furnish.ts";

const PACKAGES = [
  "openstacksdk==4.22.0",
  "oslotest",
  "testscenarios",
  "statsd",
  "requests-mock",
  "pytest",
  "pytest-timeout",
];
const GROUP_MS_MAX = 1_800_000;
const TEST_S_MAX = 120;

/** Folders of its functional tests for services that a cloud of Zed has. */
const GROUPS = [
  "block_storage",
  "cloud",
  "compute",
  "dns",
  "identity",
  "image",
  "load_balancer",
  "network",
  "object_store",
];

const python = within("sdk", "venv", "bin", "python");

async function install(): Promise<void> {
  const folder = within("sdk");
  await mkdir(folder, { recursive: true });
  await step("python3", ["-m", "venv", "venv"], folder);
  await step(python, ["-m", "pip", "install", "-q", ...PACKAGES], folder);
}

/** The clouds that its tests name, each a login to ours. */
function cloudsFile({ authUrl }: TestedCloud): string {
  const login = (user: string, scope: object): object => ({
    auth: { auth_url: authUrl, username: user, password: ADMIN.password, user_domain_id: "default", ...scope },
    region_name: "RegionOne",
    identity_api_version: "3",
  });
  const member = ({ user, project }: (typeof USERS)[number]): object =>
    login(user, { project_name: project, project_domain_id: "default" });
  const clouds = {
    devstack: member(USERS[0]),
    "devstack-alt": member(USERS[1]),
    "devstack-admin": login(ADMIN.user, { project_name: ADMIN.project, project_domain_id: "default" }),
    "devstack-system-admin": login(ADMIN.user, { system_scope: "all" }),
  };
  const functional = { image_name: "cirros-0.6.3-x86_64-disk", flavor_name: "m1.nano" };
  // JSON is YAML.
  return JSON.stringify({ clouds, functional }, null, 2);
}

const attribute = (text: string, name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? "";

/** The report in the form of JUnit: one element for each test, with one inside if it failed or was skipped. */
function parse(xml: string): TestResults {
  const results = new Map<string, TestResult>();
  for (const [, head = "", body = ""] of xml.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const name = `${attribute(head, "classname").replace(/^.*functional\./, "")}.${attribute(head, "name")}`;
    const outcome = /<(failure|error)\b/.test(body) ? "fail" : body.includes("<skipped") ? "skip" : "pass";
    const before = results.get(name);
    // A test that fails again when it clears up has two elements.
    if (before?.outcome === "fail") continue;
    results.set(name, { outcome, said: /Exception: ([^\n<]*)/.exec(body)?.[1] ?? attribute(body, "message") });
  }
  return results;
}

async function run(group: string, cloud: TestedCloud): Promise<TestResults> {
  const folder = within("sdk");
  const report = within("sdk", `${group}.xml`);
  await writeFile(within("sdk", "clouds.yaml"), cloudsFile(cloud));
  const where = "import openstack.tests.functional as tests; print(tests.__path__[0])";
  const tests = (await step(python, ["-c", where], folder)).trim();
  const args = ["-m", "pytest", "-p", "no:cacheprovider", "-q", "--timeout", `${TEST_S_MAX}`, `--junitxml=${report}`];
  const env = {
    OS_CLIENT_CONFIG_FILE: within("sdk", "clouds.yaml"),
    OPENSTACKSDK_FUNC_TEST_TIMEOUT: "30",
    OS_TEST_TIMEOUT: `${TEST_S_MAX}`,
  };
  const log = within("sdk", `${group}.log`);
  await runTests(python, [...args, `${tests}/${group}`], { cwd: folder, env, log, timeoutMs: GROUP_MS_MAX });
  return parse(await readFile(report, "utf8"));
}

/** The Python SDK: its functional tests, as a member and as the administrator. */
export const SDK: Client = {
  name: "openstacksdk",
  packages: PACKAGES.slice(0, 1),
  groups: GROUPS,
  sample: ["block_storage", "dns"],
  program: python,
  install,
  run,
};
