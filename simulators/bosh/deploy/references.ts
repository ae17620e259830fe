import { compareVersions } from "../artifacts/versions.ts";
import type { CloudConfig, Network } from "../configs/cloud-config.ts";
import { type LinkPlan, planLinks } from "../links/resolve.ts";
import type { ReleaseVersion } from "../state/artifacts.ts";
import type { DirectorState } from "../state/index.ts";
import { DirectorError } from "../wire/errors.ts";
import type { InstanceGroup, JobSpec, Manifest } from "./manifest.ts";

/** What the director knows of releases. */
type Releases = Pick<DirectorState, "releases">;

/** A manifest with its names resolved as things stand, before anything is placed. */
export interface ResolvedManifest {
  readonly manifest: Manifest;
  readonly config: CloudConfig;
  readonly releases: readonly ReleaseVersion[];
  readonly links: LinkPlan["resolved"];
  readonly linkTable: LinkPlan["linkTable"];
}

/** @throws DirectorError 30005, 30006 */
function resolveRelease(state: Releases, name: string, version: string): ReleaseVersion {
  const versions = state.releases.get(name);
  if (versions === undefined) throw new DirectorError(30005, `Release '${name}' doesn't exist`);
  const candidates =
    version === "latest"
      ? [...versions].sort((a, b) => compareVersions(b.version, a.version))
      : versions.filter((each) => each.version === version);
  const [found] = candidates;
  if (found === undefined) throw new DirectorError(30006, `Release version '${name}/${version}' doesn't exist`);
  return found;
}

/** Resolves what can be refused before any stage begins. Pure: the links that it makes are in the table that it returns. @throws DirectorError for the first dangling reference */
export function resolveManifest(
  state: Pick<DirectorState, "releases" | "links">,
  deployment: string,
  manifest: Manifest,
  config: CloudConfig,
  nowMs: number,
): ResolvedManifest {
  for (const group of manifest.groups) checkGroup(state, group, manifest, config);
  checkAddons(state, manifest);
  const releases = manifest.releases.map(({ name, version }) => resolveRelease(state, name, version));
  const { resolved: links, linkTable } = planLinks(state.links, deployment, manifest, releases, nowMs);
  return { manifest, config, releases, links, linkTable };
}

/** @throws DirectorError 530002, 140029 */
function checkAddons(state: Releases, manifest: Manifest): void {
  for (const job of manifest.addons.flatMap(({ jobs }) => jobs)) {
    const release = manifest.releases.find(({ name }) => name === job.release);
    if (release === undefined)
      throw new DirectorError(
        530002,
        `Manifest specifies job '${job.name}' which is defined in '${job.release}', but '${job.release}' is not listed in the runtime releases section.`,
      );
    const { jobs } = resolveRelease(state, release.name, release.version);
    if (!jobs.some(({ name }) => name === job.name))
      throw new DirectorError(140029, `Job '${job.name}' not found in release '${job.release}'`);
  }
}

function checkGroup(state: Releases, group: InstanceGroup, manifest: Manifest, config: CloudConfig): void {
  const refer = (code: number, what: string): never => {
    throw new DirectorError(code, `Instance group '${group.name}' references an unknown ${what}`);
  };
  for (const job of group.jobs) checkJob(state, group, job, manifest);
  if (group.vmType === undefined && group.vmResources === undefined)
    throw new DirectorError(
      140022,
      `Instance group '${group.name}' is missing either 'vm_type' or 'vm_resources' section.`,
    );
  if (group.vmType !== undefined && !config.vmTypes.has(group.vmType)) refer(140004, `vm type '${group.vmType}'`);
  for (const name of group.vmExtensions) if (!config.vmExtensions.has(name)) refer(140027, `vm extension '${name}'`);
  if (!manifest.stemcells.some(({ alias }) => alias === group.stemcell)) refer(140005, `stemcell '${group.stemcell}'`);
  if (group.diskType !== undefined && !config.diskTypes.has(group.diskType))
    refer(140012, `disk type '${group.diskType}'`);
  for (const { name, staticIps } of group.networks) {
    const network = config.networks.get(name);
    if (network === undefined) return refer(150001, `network '${name}'`);
    checkNetwork(group, network, staticIps);
  }
  for (const az of group.azs) if (!config.azs.has(az)) refer(140016, `AZ '${az}'`);
  const { networks } = group;
  if (networks.length > 1 && !networks.some(({ defaults }) => defaults.includes("gateway") || defaults.includes("dns")))
    throw new DirectorError(
      150005,
      `Instance group '${group.name}' must specify which network is default for dns, gateway, since it has more than one network configured`,
    );
}

function checkJob(state: Releases, group: InstanceGroup, job: JobSpec, manifest: Manifest): void {
  const release = manifest.releases.find(({ name }) => name === job.release);
  if (release === undefined)
    throw new DirectorError(
      140002,
      `Job '${job.name}' (instance group '${group.name}') references an unknown release '${job.release}'`,
    );
  const { jobs } = resolveRelease(state, release.name, release.version);
  if (!jobs.some(({ name }) => name === job.name))
    throw new DirectorError(140029, `Job '${job.name}' not found in release '${job.release}'`);
}

function checkNetwork(group: InstanceGroup, network: Network, staticIps: readonly string[]): void {
  const zones = new Set(network.subnets.flatMap(({ azs }) => azs));
  if (network.type === "manual" && zones.size > 0 && !(group.azs.length > 0 && group.azs.every((az) => zones.has(az))))
    throw new DirectorError(
      150006,
      `Instance group '${group.name}' must specify availability zone that matches availability zones of network '${network.name}'`,
    );
  if (staticIps.length > 0 && staticIps.length !== group.instances)
    throw new DirectorError(
      150002,
      `Instance group '${group.name}' has ${group.instances} instances but was allocated ${staticIps.length} static IPs in network '${network.name}'`,
    );
  for (const ip of staticIps) {
    if (network.subnets.some((subnet) => subnet.isStatic(ip))) continue;
    throw new DirectorError(
      150002,
      `Instance group '${group.name}' with network '${network.name}' declares static ip '${ip}/32', which belongs to no subnet`,
    );
  }
}
