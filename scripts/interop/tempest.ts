import { mkdir, readFile, writeFile } from "node:fs/promises";
import { type Client, runTests, step, type TestedCloud, type TestResult, type TestResults, within } from "./client.ts";
import { ADMIN, listIn, Session } from "./furnish.ts";

const PACKAGES = [
  "tempest==47.0.0",
  "designate-tempest-plugin==0.30.0",
  "neutron-tempest-plugin==3.3.0",
  "cinder-tempest-plugin==1.23.0",
  "keystone-tempest-plugin==0.22.0",
];
const GROUP_MS_MAX = 3_600_000;

/** Each a part of the name of tests. */
const GROUPS = [
  "tempest.api.network",
  "tempest.api.volume",
  "tempest.api.image",
  "tempest.api.identity",
  "tempest.api.object_storage",
  "tempest.api.compute",
  "designate_tempest_plugin",
  "neutron_tempest_plugin.api",
  "cinder_tempest_plugin",
  "keystone_tempest_plugin",
];

const bin = within("tempest", "venv", "bin");
const workspace = within("tempest", "workspace");

async function install(): Promise<void> {
  const folder = within("tempest");
  await mkdir(folder, { recursive: true });
  await step("python3", ["-m", "venv", "venv"], folder);
  await step(`${bin}/python`, ["-m", "pip", "install", "-q", ...PACKAGES], folder);
  await step(`${bin}/tempest`, ["init", workspace], folder, { PATH: `${bin}:${process.env.PATH}` });
}

/** The extensions that the cloud lists: without them every test of one that it has not would fail. */
async function extensionsOf({ authUrl }: TestedCloud): Promise<string> {
  const session = await Session.open(authUrl);
  return listIn(await session.call("network", "GET", "/extensions"), "extensions")
    .map(({ alias }) => String(alias))
    .join(",");
}

type Sections = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

const PATIENCE = { build_interval: 1, build_timeout: 60 };

/**
 * The features that Tempest may try on any of our clouds. Nobody can log in to a server, so nothing is
 * validated by doing so.
 */
const FEATURES: Sections = {
  "identity-feature-enabled": { application_credentials: true, access_rules: true },
  "compute-feature-enabled": {
    resize: true,
    cold_migration: true,
    live_migration: true,
    vnc_console: true,
    swap_volume: false,
  },
  validation: { run_validation: false },
  volume: { max_microversion: "3.70", ...PATIENCE },
  "volume-feature-enabled": {
    backup: true,
    manage_volume: false,
    manage_snapshot: false,
    extend_attached_volume: true,
  },
  "image-feature-enabled": { import_image: true },
  service_available: {
    cinder: true,
    neutron: true,
    nova: true,
    glance: true,
    swift: true,
    designate: true,
    horizon: false,
  },
  dns_feature_enabled: { api_admin: false, api_v2_root_recordsets: true, api_v2_quotas: true, bug_1573141_fixed: true },
  neutron_plugin_options: {
    agent_availability_zone: "nova",
    available_type_drivers: "flat,vlan,vxlan,local,gre,geneve",
    max_mtu: 1500,
    provider_vlans: "public",
  },
};

/** The facts about one cloud that Tempest needs. */
const sectionsOf = (cloud: TestedCloud, extensions: string): Sections => ({
  DEFAULT: { log_file: "tempest.log" },
  oslo_concurrency: { lock_path: within("tempest", "lock") },
  auth: {
    admin_username: ADMIN.user,
    admin_password: ADMIN.password,
    admin_project_name: ADMIN.project,
    admin_domain_name: "Default",
  },
  identity: { uri_v3: cloud.authUrl, auth_version: "v3", region: "RegionOne", default_domain_id: "default" },
  compute: {
    image_ref: cloud.image,
    image_ref_alt: cloud.otherImage,
    flavor_ref: cloud.flavor,
    flavor_ref_alt: cloud.otherFlavor,
    max_microversion: "2.93",
    min_compute_nodes: 2,
    ...PATIENCE,
  },
  dns: { min_ttl: 1, nameservers: cloud.nameServer, ...PATIENCE },
  network: { public_network_id: cloud.externalNetwork, floating_network_name: "public", ...PATIENCE },
  "network-feature-enabled": { api_extensions: extensions, ipv6: true },
  ...FEATURES,
});

async function configuration(cloud: TestedCloud): Promise<string> {
  const sections = Object.entries(sectionsOf(cloud, await extensionsOf(cloud)));
  return sections
    .map(([name, options]) => [`[${name}]`, ...Object.entries(options).map(([key, value]) => `${key}=${value}`), ""])
    .flat()
    .join("\n");
}

const OUTCOMES: Readonly<Record<string, TestResult["outcome"]>> = { ok: "pass", FAILED: "fail", SKIPPED: "skip" };

/** A line for each test that has ended; the name without its parameters. */
function parse(printed: string): TestResults {
  const results = new Map<string, TestResult>();
  for (const [, name = "", word = "", said = ""] of printed.matchAll(
    /^\{\d+\} (.+?)(?: \[[\d.]+s\])? \.\.\. (ok|FAILED|SKIPPED)(?:: (.*))?$/gm,
  ))
    results.set(name.replace(/\[.*?\]/, ""), { outcome: OUTCOMES[word] ?? "fail", said });
  return results;
}

async function run(group: string, cloud: TestedCloud): Promise<TestResults> {
  await writeFile(`${workspace}/etc/tempest.conf`, await configuration(cloud));
  const log = within("tempest", `${group.replaceAll(/[^\w.]/g, "_").slice(0, 80)}.log`);
  const args = ["run", "--config-file", "etc/tempest.conf", "--concurrency", "2", "--regex", `^${group}`];
  const env = { PATH: `${bin}:${process.env.PATH}` };
  await runTests(`${bin}/tempest`, args, { cwd: workspace, env, log, timeoutMs: GROUP_MS_MAX });
  return parse(await readFile(log, "utf8"));
}

/** OpenStack's own suite, with the plugins of four services. */
export const TEMPEST: Client = {
  name: "tempest",
  packages: PACKAGES,
  groups: GROUPS,
  sample: ["tempest.api.network.test_(ports|routers|subnetpools)"],
  program: `${workspace}/etc`,
  install,
  run,
};
