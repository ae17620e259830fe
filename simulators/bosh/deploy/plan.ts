import { hash } from "node:crypto";
import type { VmNetwork } from "../cpi/cpi.ts";
import type { Director } from "../state/director.ts";
import { DirectorError } from "../wire/errors.ts";
import type { Applied, Change, Deployment, DesiredState, Disk, Instance, ReleaseVersion, Stemcell } from "../state/index.ts";
import { release, reserve } from "./addresses.ts";
import { type CloudConfig, type Network, vmProperties } from "../configs/cloud-config.ts";
import type { Fields } from "../configs/fields.ts";
import { resolveLinks, type Resolved } from "../links/resolve.ts";
import type { Group, JobWish, Manifest } from "./manifest.ts";
import { type Rendered, renderJobs } from "../templates/jobs.ts";
import type { Resolver } from "./variables.ts";
import { compareVersions } from "../artifacts/versions.ts";

/** What one instance is to be once the deploy has ended. */
export interface PlannedInstance {
  readonly instance: Instance;
  readonly group: Group;
  readonly stemcell: Stemcell;
  readonly networks: readonly VmNetwork[];
  readonly cloudProperties: Fields;
  readonly jobs: readonly Rendered[];
  readonly disk: { readonly sizeMb: number; readonly cloudProperties: Fields } | undefined;
  /** A digest of each part that it will have. */
  readonly parts: Applied;
  readonly isNew: boolean;
}

export interface PlannedGroup {
  readonly group: Group;
  readonly jobs: readonly JobWish[];
  readonly stemcell: Stemcell;
  /** In the order of their zones, then of their indexes: the order of updates. */
  readonly instances: readonly Instance[];
  readonly fresh: ReadonlySet<string>;
  readonly unneeded: readonly Instance[];
}

/** What a manifest means here and now, before anything is placed. */
export interface Wanted {
  readonly manifest: Manifest;
  readonly config: CloudConfig;
  readonly releases: readonly ReleaseVersion[];
  readonly links: readonly Resolved[];
}

export interface DeployPlan extends Wanted {
  readonly stemcells: readonly Stemcell[];
  readonly groups: readonly PlannedGroup[];
  /** Instances of groups that the manifest no longer has. */
  readonly removed: readonly Instance[];
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
  const isLatest = /^(.*\.)?latest$/.test(wanted.version);
  const prefix = wanted.version.slice(0, -"latest".length);
  const found = isLatest
    ? named.filter(({ version }) => version.startsWith(prefix)).sort((a, b) => compareVersions(b.version, a.version))[0]
    : named.find(({ version }) => version === wanted.version);
  if (found !== undefined) return found;
  const whose =
    wanted.os === undefined
      ? `Stemcell '${wanted.name}/${wanted.version}'`
      : `Stemcell version '${wanted.version}' for OS '${wanted.os}'`;
  throw new DirectorError(50003, `${whose} doesn't exist`);
}

/** Resolves what can be refused before any stage begins. @throws DirectorError of the first reference that leads nowhere */
export function resolve(director: Director, deployment: Deployment, manifest: Manifest, config: CloudConfig): Wanted {
  for (const group of manifest.groups) checkGroup(director, group, manifest, config);
  checkAddons(director, manifest);
  const releases = manifest.releases.map(({ name, version }) => resolveRelease(director, name, version));
  return { manifest, config, releases, links: resolveLinks(director, deployment, manifest, releases) };
}

/** @throws DirectorError 530002, 140029 */
function checkAddons(director: Director, manifest: Manifest): void {
  for (const job of manifest.addons.flatMap(({ jobs }) => jobs)) {
    const release = manifest.releases.find(({ name }) => name === job.release);
    if (release === undefined)
      throw new DirectorError(
        530002,
        `Manifest specifies job '${job.name}' which is defined in '${job.release}', but '${job.release}' is not listed in the runtime releases section.`,
      );
    const { jobs } = resolveRelease(director, release.name, release.version);
    if (!jobs.some(({ name }) => name === job.name))
      throw new DirectorError(140029, `Job '${job.name}' not found in release '${job.release}'`);
  }
}

function checkGroup(director: Director, group: Group, manifest: Manifest, config: CloudConfig): void {
  const refer = (code: number, what: string): never => {
    throw new DirectorError(code, `Instance group '${group.name}' references an unknown ${what}`);
  };
  for (const job of group.jobs) checkJob(director, group, job, manifest);
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

function checkJob(director: Director, group: Group, job: JobWish, manifest: Manifest): void {
  const release = manifest.releases.find(({ name }) => name === job.release);
  if (release === undefined)
    throw new DirectorError(
      140002,
      `Job '${job.name}' (instance group '${group.name}') references an unknown release '${job.release}'`,
    );
  const { jobs } = resolveRelease(director, release.name, release.version);
  if (!jobs.some(({ name }) => name === job.name))
    throw new DirectorError(140029, `Job '${job.name}' not found in release '${job.release}'`);
}

function checkNetwork(group: Group, network: Network, staticIps: readonly string[]): void {
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

const digest = (value: unknown): string => hash("sha1", JSON.stringify(value) ?? "", "hex");

/** Chooses for each group which instances stay, come and go; new ones become part of the deployment. @throws DirectorError 50003 */
export function place(director: Director, deployment: Deployment, wanted: Wanted): DeployPlan {
  const { manifest } = wanted;
  const stemcells = new Map(manifest.stemcells.map((each) => [each.alias, resolveStemcell(director, each)]));
  const { zones } = director.slot.value;
  for (const az of wanted.config.azs.keys()) if (!zones.includes(az)) zones.push(az);
  const groups = manifest.groups.map((group) =>
    placeGroup(director, deployment, group, jobsOf(group, manifest), stemcells.get(group.stemcell) as Stemcell),
  );
  const kept = new Set(groups.flatMap(({ instances, unneeded }) => [...instances, ...unneeded]));
  return {
    ...wanted,
    stemcells: [...new Set(stemcells.values())],
    groups,
    removed: deployment.instances.filter((each) => !kept.has(each)),
  };
}

const names = (rules: Fields | undefined, key: string): readonly string[] =>
  ((rules?.[key] ?? []) as readonly unknown[]).map(String);

/** The jobs of a group and of the addons that include it. Rules by instance group, job and deployment are known. */
export function jobsOf(group: Group, manifest: Manifest): readonly JobWish[] {
  const matches = (rules: Fields): boolean => {
    const groups = names(rules, "instance_groups");
    const deployments = names(rules, "deployments");
    const jobs = ((rules.jobs ?? []) as readonly { readonly name?: string }[]).map(({ name }) => name);
    return (
      (groups.length === 0 || groups.includes(group.name)) &&
      (deployments.length === 0 || deployments.includes(manifest.name)) &&
      (jobs.length === 0 || group.jobs.some(({ name }) => jobs.includes(name)))
    );
  };
  const added = manifest.addons.filter(
    ({ include, exclude }) =>
      (include === undefined || matches(include)) && (exclude === undefined || !matches(exclude)),
  );
  const own = new Set(group.jobs.map(({ name }) => name));
  return [...group.jobs, ...added.flatMap(({ jobs }) => jobs).filter(({ name }) => !own.has(name))];
}

function placeGroup(
  director: Director,
  deployment: Deployment,
  group: Group,
  jobs: readonly JobWish[],
  stemcell: Stemcell,
): PlannedGroup {
  const existing = deployment.instances
    .filter((each) => each.group === group.name || group.migratedFrom.includes(each.group))
    .sort((a, b) => a.index - b.index);
  const { kept, fresh } = spread(group, existing);
  const taken = new Set(existing.filter((each) => each.group === group.name).map(({ index }) => index));
  const nextIndex = (): number => {
    let index = 0;
    while (taken.has(index)) index++;
    taken.add(index);
    return index;
  };
  for (const instance of kept.filter((each) => each.group !== group.name))
    Object.assign(instance, { group: group.name, index: nextIndex() });
  const made = fresh.map((az) => newInstance(director, deployment, group, nextIndex(), az));
  deployment.instances.push(...made);
  const zone = ({ az }: Instance): number => group.azs.indexOf(az);
  const instances = [...kept, ...made].sort((a, b) => zone(a) - zone(b) || a.index - b.index);
  elect(instances);
  return {
    group,
    jobs,
    stemcell,
    instances,
    fresh: new Set(instances.filter(({ applied }) => applied === null).map(({ id }) => id)),
    unneeded: existing.filter((each) => !kept.includes(each)).sort((a, b) => zoneOrder(group, a, b)),
  };
}

const zoneOrder = (group: Group, a: Instance, b: Instance): number =>
  group.azs.indexOf(a.az) - group.azs.indexOf(b.az) || b.index - a.index;

/** Spreads the wanted number over the zones as evenly as it goes, with as many existing instances as possible. */
function spread(group: Group, existing: readonly Instance[]): { kept: Instance[]; fresh: string[] } {
  const zones = group.azs.length === 0 ? [""] : group.azs;
  const unplaced = new Map(zones.map((az) => [az, existing.filter((each) => each.az === az)]));
  const counts = new Map(zones.map((az) => [az, 0]));
  const [kept, fresh]: [Instance[], string[]] = [[], []];
  for (let wanted = group.instances; wanted > 0; wanted--) {
    const least = Math.min(...counts.values());
    const candidates = zones.filter((az) => counts.get(az) === least);
    const az = candidates.reduce((best, each) => (sizeOf(unplaced, each) > sizeOf(unplaced, best) ? each : best));
    counts.set(az, least + 1);
    const instance = unplaced.get(az)?.shift();
    if (instance === undefined) fresh.push(az);
    else kept.push(instance);
  }
  return { kept, fresh };
}

const sizeOf = (groups: ReadonlyMap<string, readonly Instance[]>, az: string): number => groups.get(az)?.length ?? 0;

/** One instance of a group is its bootstrap instance; it stays so while it lives. */
function elect(instances: readonly Instance[]): void {
  const byIndex = [...instances].sort((a, b) => a.index - b.index);
  const elected = byIndex.find(({ bootstrap }) => bootstrap) ?? byIndex[0];
  for (const instance of instances) instance.bootstrap = instance === elected;
}

function newInstance(director: Director, deployment: Deployment, group: Group, index: number, az: string): Instance {
  return {
    id: director.kernel.random("bosh/instances").uuid(),
    row: ++director.slot.value.instanceRows,
    deployment: deployment.name,
    group: group.name,
    index,
    az,
    bootstrap: false,
    state: "started",
    ignore: false,
    errand: group.errand,
    clean: false,
    vm: null,
    disk: null,
    applied: null,
    vmType: "",
    cloudProperties: {},
    ips: [],
    pendingIps: [],
  };
}

/** Reserves the addresses of one instance. @throws DirectorError 130008, 130010, 130011 */
export function reserveAll(
  director: Director,
  plan: DeployPlan,
  { group, instances }: PlannedGroup,
  instance: Instance,
): VmNetwork[] {
  const title = `${instance.group}/${instance.id} (${instance.index})`;
  const holder = {
    deployment: instance.deployment,
    instance: `${instance.group}/${instance.id}`,
    title,
    az: instance.az,
  };
  const at = [...instances].sort((a, b) => a.index - b.index).indexOf(instance);
  for (const ip of instance.pendingIps) release(director, ip);
  const networks = group.networks.map(({ name, staticIps }) => {
    const current = instance.ips.find((each) => each.network === name)?.ip;
    return reserve(director, plan.config.networks.get(name) as Network, holder, staticIps[at], current);
  });
  const own = new Set(instance.ips.map(({ ip }) => ip));
  instance.pendingIps = networks.map(({ ip }) => ip).filter((ip) => ip !== "" && !own.has(ip));
  return networks;
}

/** Decides what one instance is to be. @throws DirectorError 100 when a template can't be rendered */
export function planInstance(
  director: Director,
  plan: DeployPlan,
  planned: PlannedGroup,
  instance: Instance,
  networks: readonly VmNetwork[],
  resolver: Resolver,
): PlannedInstance {
  const { group, stemcell, jobs: wishes } = planned;
  const { config, manifest, releases, links } = plan;
  const jobs = renderJobs(director, group, wishes, instance, releases, links, resolver);
  const cloudProperties = vmProperties(config, instance.az, group, director.cpi);
  const disk = diskOf(group, config);
  const packages = wishes.flatMap((wish) => packagesOf(releases, wish));
  return {
    instance,
    group,
    stemcell,
    networks,
    cloudProperties,
    jobs,
    disk,
    isNew: planned.fresh.has(instance.id),
    parts: {
      stemcell: digest([stemcell.name, stemcell.version]),
      env: digest(group.env),
      cloud_properties: digest(cloudProperties),
      network: digest(networks),
      persistent_disk: digest([disk?.sizeMb ?? 0, disk?.cloudProperties ?? {}]),
      packages: digest(packages),
      configuration: digest(
        jobs.map(({ texts, properties, fingerprint }) => (texts.length > 0 ? texts : [properties, fingerprint])),
      ),
      job: digest(jobs.map(({ name, fingerprint }) => [name, fingerprint])),
      tags: digest(manifest.tags),
    },
  };
}

/** Packages of a job, with what they depend on, dependencies first. */
export function packagesOf(releases: readonly ReleaseVersion[], wish: JobWish): readonly string[] {
  const release = releases.find(({ name }) => name === wish.release);
  const found = new Set<string>();
  const visit = (name: string): void => {
    const each = release?.packages.find((candidate) => candidate.name === name);
    if (each === undefined || found.has(each.fingerprint)) return;
    for (const dependency of each.dependencies) visit(dependency);
    found.add(each.fingerprint);
  };
  for (const name of release?.jobs.find((job) => job.name === wish.name)?.packages ?? []) visit(name);
  return [...found];
}

function diskOf(group: Group, config: CloudConfig): PlannedInstance["disk"] {
  if (group.diskType !== undefined) return config.diskTypes.get(group.diskType);
  return group.diskMb > 0 ? { sizeMb: group.diskMb, cloudProperties: {} } : undefined;
}

export const diskDiffers = (disk: Disk | null, wanted: PlannedInstance["disk"]): boolean =>
  digest([disk?.sizeMb ?? 0, disk?.cloudProperties ?? {}]) !==
  digest([wanted?.sizeMb ?? 0, wanted?.cloudProperties ?? {}]);

/** What a deploy is told besides the manifest. */
export interface Wishes {
  readonly recreate: boolean;
  /** The agent said, or kept silent. */
  readonly agent: "running" | "stopped" | "failing" | "silent" | "none";
  readonly desired: DesiredState;
  /** Its VM was made by this very deploy. */
  readonly isVmNew: boolean;
  readonly recreatesDisks: boolean;
  readonly verb: string | undefined;
}

const COMPARED: readonly Change[] = [
  "stemcell",
  "env",
  "cloud_properties",
  "network",
  "packages",
  "configuration",
  "job",
  "tags",
];

/** Why an instance must be touched; empty when it need not be. */
export function changesOf({ instance, parts, disk }: PlannedInstance, wishes: Wishes): readonly Change[] {
  const { applied } = instance;
  const changes: Change[] = [];
  if (applied !== null && Object.keys(applied).length > 0) {
    if (!instance.clean) changes.push("dirty");
    for (const change of COMPARED) if (applied[change] !== parts[change]) changes.push(change);
  } else changes.push("dirty");
  if (diskDiffers(instance.disk, disk) || wishes.recreatesDisks) changes.push("persistent_disk");
  if (wishes.recreate) changes.push("recreate");
  if (isStateOff(instance, wishes)) changes.push("state");
  return changes;
}

function isStateOff({ state, vm }: Instance, { desired, agent, verb, isVmNew }: Wishes): boolean {
  if (isVmNew || verb === "restart" || state !== desired) return true;
  if (desired === "detached") return vm !== null;
  return desired === "started" && (vm === null || agent === "failing" || agent === "stopped");
}

/** Changes that need a new VM. */
export const RENEWING: ReadonlySet<Change> = new Set(["recreate", "stemcell", "env", "cloud_properties", "network"]);
