import { hash } from "node:crypto";
import type { Director } from "../director.ts";
import { DirectorError } from "../errors.ts";
import type { AppliedJob, Deployment, Disk, Instance, ReleaseVersion, Stemcell } from "../state.ts";
import type { VmNetwork } from "../cpi/cpi.ts";
import { type CloudConfig, freeAddress, type Network, type Subnet, toNumber, vmProperties } from "./cloud-config.ts";
import type { Fields } from "./fields.ts";
import type { Group, Manifest } from "./manifest.ts";

/** What one instance is to be once the deploy has ended. */
export interface PlannedInstance {
  readonly instance: Instance;
  readonly group: Group;
  readonly stemcell: Stemcell;
  readonly networks: readonly VmNetwork[];
  readonly cloudProperties: Fields;
  readonly jobs: readonly AppliedJob[];
  readonly disk: { readonly sizeMb: number; readonly cloudProperties: Fields } | undefined;
  readonly vmSpec: string;
  readonly jobSpec: string;
  readonly isNew: boolean;
}

export interface PlannedGroup {
  readonly group: Group;
  readonly instances: readonly PlannedInstance[];
  readonly unneeded: readonly Instance[];
}

export interface DeployPlan {
  readonly groups: readonly PlannedGroup[];
  /** Instances of groups that the manifest no longer has. */
  readonly removed: readonly Instance[];
  readonly releases: readonly ReleaseVersion[];
  readonly stemcells: readonly Stemcell[];
}

/** Highest of `1`, `1.2`, `1.10`: numbers compared as numbers. */
export function compareVersions(a: string, b: string): number {
  const [as, bs] = [a.split(/[.+-]/), b.split(/[.+-]/)];
  for (let at = 0; at < Math.max(as.length, bs.length); at++) {
    const [left, right] = [as[at] ?? "0", bs[at] ?? "0"];
    const order =
      /^\d+$/.test(left) && /^\d+$/.test(right)
        ? Number(left) - Number(right)
        : left < right
          ? -1
          : left > right
            ? 1
            : 0;
    if (order !== 0) return order;
  }
  return 0;
}

/** @throws DirectorError 30005, 30006 */
export function resolveRelease(director: Director, name: string, version: string): ReleaseVersion {
  const versions = director.slot.value.releases.get(name);
  if (versions === undefined) throw new DirectorError(30005, `Release '${name}' doesn't exist`);
  const candidates =
    version === "latest"
      ? [...versions].sort((a, b) => compareVersions(b.version, a.version))
      : versions.filter((each) => each.version === version);
  const [found] = candidates;
  if (found === undefined) throw new DirectorError(30006, `Release version '${name}/${version}' doesn't exist`);
  return found;
}

/** @throws DirectorError 50003 */
export function resolveStemcell(director: Director, wanted: Manifest["stemcells"][number]): Stemcell {
  const { stemcells } = director.slot.value;
  const named = stemcells.filter(({ name, operatingSystem }) =>
    wanted.name === undefined ? operatingSystem === wanted.os : name === wanted.name,
  );
  const prefix =
    wanted.version === "latest"
      ? ""
      : wanted.version.endsWith(".latest")
        ? wanted.version.slice(0, -"latest".length)
        : undefined;
  const found =
    prefix === undefined
      ? named.find(({ version }) => version === wanted.version)
      : named
          .filter(({ version }) => version.startsWith(prefix))
          .sort((a, b) => compareVersions(b.version, a.version))[0];
  if (found !== undefined) return found;
  const whose =
    wanted.os === undefined
      ? `Stemcell '${wanted.name}/${wanted.version}'`
      : `Stemcell version '${wanted.version}' for OS '${wanted.os}'`;
  throw new DirectorError(50003, `${whose} doesn't exist`);
}

/** Refuses what can't be resolved before any stage begins. @throws DirectorError 140002, 140004, 140005, 140012, 140029, 150001, 150006 */
export function checkReferences(manifest: Manifest, config: CloudConfig, releases: readonly ReleaseVersion[]): void {
  for (const group of manifest.groups) {
    for (const job of group.jobs) {
      const release = releases.find(({ name }) => name === job.release);
      if (release === undefined)
        throw new DirectorError(
          140002,
          `Job '${job.name}' (instance group '${group.name}') references an unknown release '${job.release}'`,
        );
      if (!release.jobs.some(({ name }) => name === job.name))
        throw new DirectorError(140029, `Job '${job.name}' not found in release '${job.release}'`);
    }
    if (!config.vmTypes.has(group.vmType))
      throw new DirectorError(140004, `Instance group '${group.name}' references an unknown vm type '${group.vmType}'`);
    if (!manifest.stemcells.some(({ alias }) => alias === group.stemcell)) {
      throw new DirectorError(
        140005,
        `Instance group '${group.name}' references an unknown stemcell '${group.stemcell}'`,
      );
    }
    if (group.diskType !== undefined && !config.diskTypes.has(group.diskType)) {
      throw new DirectorError(
        140012,
        `Instance group '${group.name}' references an unknown disk type '${group.diskType}'`,
      );
    }
    checkNetworks(group, config);
  }
}

function checkNetworks(group: Group, config: CloudConfig): void {
  for (const { name } of group.networks) {
    const network = config.networks.get(name);
    if (network === undefined)
      throw new DirectorError(150001, `Instance group '${group.name}' references an unknown network '${name}'`);
    const zones = new Set(network.subnets.flatMap(({ azs }) => azs));
    if (network.type === "manual" && zones.size > 0 && !group.azs.every((az) => zones.has(az))) {
      throw new DirectorError(
        150006,
        `Instance group '${group.name}' must specify availability zone that matches availability zones of network '${name}'`,
      );
    }
  }
}

const digest = (value: unknown): string => hash("sha1", JSON.stringify(value), "hex");

/** Matches the manifest's instances with those that exist and decides what each is to be. @throws DirectorError 130008, 130011, 150002 */
export function planDeploy(
  director: Director,
  deployment: Deployment,
  manifest: Manifest,
  config: CloudConfig,
  releases: readonly ReleaseVersion[],
): DeployPlan {
  const stemcells = new Map(manifest.stemcells.map((each) => [each.alias, resolveStemcell(director, each)]));
  const used = new Set(
    [...director.slot.value.deployments.values()].flatMap(({ instances }) =>
      instances.flatMap(({ ips }) => ips.map(({ ip }) => ip)),
    ),
  );
  const groups = manifest.groups
    .filter(({ errand }) => !errand)
    .map((group) =>
      planGroup(
        director,
        deployment,
        manifest,
        group,
        config,
        releases,
        stemcells.get(group.stemcell) as Stemcell,
        used,
      ),
    );
  const kept = new Set(manifest.groups.map(({ name }) => name));
  return {
    groups,
    removed: deployment.instances.filter(({ group }) => !kept.has(group)),
    releases,
    stemcells: [...new Set(stemcells.values())],
  };
}

function planGroup(
  director: Director,
  deployment: Deployment,
  manifest: Manifest,
  group: Group,
  config: CloudConfig,
  releases: readonly ReleaseVersion[],
  stemcell: Stemcell,
  used: Set<string>,
): PlannedGroup {
  const existing = deployment.instances.filter((each) => each.group === group.name).sort((a, b) => a.index - b.index);
  const kept = existing.slice(0, group.instances);
  const instances = Array.from(
    { length: group.instances },
    (_, at) => kept[at] ?? newInstance(director, deployment, group, at, existing),
  );
  for (const [at, instance] of instances.entries()) instance.bootstrap = at === 0;
  return {
    group,
    instances: instances.map((instance, at) =>
      planInstance(manifest, group, config, releases, stemcell, used, instance, at, existing.includes(instance)),
    ),
    unneeded: existing.slice(group.instances),
  };
}

function newInstance(
  director: Director,
  deployment: Deployment,
  group: Group,
  at: number,
  existing: readonly Instance[],
): Instance {
  const index =
    existing.length === 0
      ? at
      : Math.max(at, ...existing.map((each) => each.index + 1)) + (at - Math.max(at, existing.length));
  return {
    id: director.kernel.random("bosh/instances").uuid(),
    deployment: deployment.name,
    group: group.name,
    index: Math.max(index, at),
    az: group.azs.length === 0 ? "" : (group.azs[at % group.azs.length] as string),
    bootstrap: false,
    state: "started",
    ignore: false,
    clean: false,
    vm: null,
    disk: null,
    vmSpec: "",
    jobSpec: "",
    ips: [],
  };
}

function planInstance(
  manifest: Manifest,
  group: Group,
  config: CloudConfig,
  releases: readonly ReleaseVersion[],
  stemcell: Stemcell,
  used: Set<string>,
  instance: Instance,
  at: number,
  known: boolean,
): PlannedInstance {
  const networks = group.networks.map((wanted) =>
    reserve(config.networks.get(wanted.name) as Network, wanted.staticIps[at], instance, used),
  );
  const cloudProperties = vmProperties(config, instance.az, group.vmType, group.vmExtensions);
  const jobs = group.jobs.map((job) => ({ name: job.name, release: job.release, properties: job.properties }));
  const disk = diskOf(group, config);
  const versions = group.jobs.map(({ release }) => releases.find(({ name }) => name === release)?.version);
  return {
    instance,
    group,
    stemcell,
    networks,
    cloudProperties,
    jobs,
    disk,
    vmSpec: digest([stemcell.name, stemcell.version, cloudProperties, networks, group.env]),
    jobSpec: digest([jobs, versions, instance.bootstrap, manifest.tags]),
    isNew: !known,
  };
}

function diskOf(group: Group, config: CloudConfig): PlannedInstance["disk"] {
  if (group.diskType !== undefined) return config.diskTypes.get(group.diskType);
  return group.diskMb > 0 ? { sizeMb: group.diskMb, cloudProperties: {} } : undefined;
}

function reserve(network: Network, staticIp: string | undefined, instance: Instance, used: Set<string>): VmNetwork {
  if (network.type !== "manual")
    return {
      name: network.name,
      type: network.type,
      ip: staticIp ?? "",
      netmask: "",
      gateway: "",
      dns: [],
      cloudProperties: {},
    };
  const who = `${instance.group}/${instance.id} (${instance.index})`;
  const current = instance.ips.find((each) => each.network === network.name)?.ip;
  const { ip, subnet } =
    staticIp === undefined
      ? (kept(network, current) ?? freeAddress(network, instance.az, used, who))
      : fixed(network, staticIp, current, used, who);
  used.add(ip);
  return {
    name: network.name,
    type: "manual",
    ip,
    netmask: subnet.netmask,
    gateway: subnet.gateway,
    dns: subnet.dns,
    cloudProperties: subnet.cloudProperties,
  };
}

const holds = (subnet: Subnet, ip: string): boolean => toNumber(ip) >= subnet.first && toNumber(ip) <= subnet.last;

function kept(network: Network, ip: string | undefined): { ip: string; subnet: Subnet } | undefined {
  const subnet = ip === undefined ? undefined : network.subnets.find((each) => holds(each, ip));
  return ip === undefined || subnet === undefined ? undefined : { ip, subnet };
}

function fixed(
  network: Network,
  ip: string,
  current: string | undefined,
  used: ReadonlySet<string>,
  who: string,
): { ip: string; subnet: Subnet } {
  const subnet = network.subnets.find((each) => holds(each, ip));
  if (subnet === undefined)
    throw new DirectorError(
      150002,
      `Instance group '${who.split("/")[0]}' with network '${network.name}' declares static ip '${ip}/32', which belongs to no subnet`,
    );
  if (ip !== current && used.has(ip))
    throw new DirectorError(130008, `Failed to reserve IP '${ip}/32' for instance '${who}': already reserved`);
  return { ip, subnet };
}

export const diskDiffers = (disk: Disk | null, wanted: PlannedInstance["disk"]): boolean =>
  digest([disk?.sizeMb ?? 0, disk?.cloudProperties ?? {}]) !==
  digest([wanted?.sizeMb ?? 0, wanted?.cloudProperties ?? {}]);
