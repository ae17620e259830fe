import { digestOf } from "../templates/digest.ts";
import { type CloudConfig, vmProperties, zoneCpiOf } from "../configs/cloud-config.ts";
import type { Fields } from "../configs/fields.ts";
import type { VmNetwork } from "../cpi/cpi.ts";
import type { ReleaseVersion, Stemcell } from "../state/artifacts.ts";
import type { Applied, Disk, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { dnsOf } from "../links/providers.ts";
import { DirectorError } from "../wire/errors.ts";
import { fillVariables, type VariableScope, scopeIn } from "./fill-variables.ts";
import { type RenderedJob, renderJobs } from "../templates/jobs.ts";
import type { InstanceGroup, JobSpec } from "./manifest.ts";
import type { DeployPlan, PlannedGroup } from "./adopt.ts";

/** The plan of one instance: its state once the deploy has ended. */
export interface PlannedInstance {
  readonly instance: Instance;
  readonly group: InstanceGroup;
  readonly stemcell: Stemcell;
  readonly networks: readonly VmNetwork[];
  readonly cloudProperties: Fields;
  readonly jobs: readonly RenderedJob[];
  readonly disk: { readonly sizeMb: number; readonly cloudProperties: Fields } | undefined;
  /** The disks that `persistent_disks` names. */
  readonly namedDisks: readonly WantedDisk[];
  /** Tags of its VM in the IaaS besides the director's own. */
  readonly tags: Readonly<Record<string, string>>;
  /** A digest of each of its parts. */
  readonly parts: Applied;
  readonly isNew: boolean;
  /** Its variables. */
  readonly scope: VariableScope;
  /** The CPI that the cloud config names for the zone of the instance. */
  readonly zoneCpi: string | undefined;
}

/** A disk that a group names. */
export interface WantedDisk {
  readonly name: string;
  readonly sizeMb: number;
  readonly cloudProperties: Fields;
}

/** Plans one instance. @throws DirectorError 100 when a template can't be rendered */
export function planInstance(
  director: Director,
  plan: DeployPlan,
  planned: PlannedGroup,
  instance: Instance,
  networks: readonly VmNetwork[],
): PlannedInstance {
  const { group, stemcell, jobs: specs } = planned;
  const { config, manifest, releases, links } = plan;
  const scope = scopeIn(director, instance.deployment, plan.variableSet);
  const disk = diskOf(group, config);
  const dns = dnsOf(group, manifest);
  const place = { director, group, instance, networks, releases, links, dns, diskMb: disk?.sizeMb ?? 0, scope };
  const jobs = renderJobs(place, specs);
  const cloudProperties = vmProperties(config, instance.az, group, director.cpi);
  const packages = specs.flatMap((spec) => packagesOf(releases, spec));
  return {
    instance,
    group,
    stemcell,
    networks,
    cloudProperties,
    jobs,
    disk,
    namedDisks: namedDisksOf(group, config),
    tags: { ...manifest.tags, ...group.tags },
    scope,
    isNew: planned.fresh.has(instance.id),
    zoneCpi: zoneCpiOf(config, instance.az),
    parts: {
      ...vmParts(director, planned, cloudProperties, scope),
      network: digestOf([networks, group.networks.map(({ name, defaults }) => [name, defaults])]),
      persistent_disk: digestOf([disk?.sizeMb ?? 0, disk?.cloudProperties ?? {}]),
      packages: digestOf(packages),
      configuration: digestOf(byName(jobs).map((job) => [job.name, configurationOf(job), linksOf(job, group, plan)])),
      job: digestOf([group.name, byName(jobs).map(({ name, fingerprint }) => [name, fingerprint])]),
      tags: digestOf(manifest.tags),
    },
  };
}

/** The order in which jobs are listed makes no difference. */
const byName = (jobs: readonly RenderedJob[]): readonly RenderedJob[] =>
  jobs.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));

const configurationOf = ({ texts, properties, fingerprint }: RenderedJob): unknown =>
  texts.length > 0 ? texts : [properties, fingerprint];

/** What a job provides, which lies beside its templates (`.bosh/links.json`, job_template_renderer.rb in bosh-director). */
const linksOf = ({ name: job }: RenderedJob, { name: group }: InstanceGroup, { provided }: DeployPlan): unknown =>
  provided
    .filter((each) => each.group === group && each.job === job)
    .map(({ name, type }) => JSON.stringify([name, type]))
    .toSorted();

/** The properties that decide, with its addresses, whether a VM still fits the plan. */
export const vmParts = (
  director: Director,
  { group, stemcell }: Pick<PlannedGroup, "group" | "stemcell">,
  cloudProperties: Fields,
  scope: VariableScope,
): Required<Pick<Applied, "stemcell" | "env" | "cloud_properties">> => ({
  stemcell: digestOf([stemcell.name, stemcell.version]),
  env: digestOf(fillWherePossible(director, scope, group.env)),
  cloud_properties: digestOf(fillWherePossible(director, scope, cloudProperties)),
});

/** References that can't be resolved are refused only when a VM is created. */
function fillWherePossible(director: Director, scope: VariableScope, fields: Fields): Fields {
  try {
    return fillVariables(director, scope, fields);
  } catch (error) {
    if (error instanceof DirectorError) return fields;
    throw error;
  }
}

/** The packages of a job with their dependencies, dependencies first. */
export function packagesOf(releases: readonly ReleaseVersion[], wish: JobSpec): readonly string[] {
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

function diskOf(group: InstanceGroup, config: CloudConfig): PlannedInstance["disk"] {
  if (group.diskType !== undefined) {
    const type = config.diskTypes.get(group.diskType);
    return type === undefined || type.sizeMb === 0 ? undefined : type;
  }
  return group.diskMb > 0 ? { sizeMb: group.diskMb, cloudProperties: {} } : undefined;
}

const namedDisksOf = ({ disks }: InstanceGroup, { diskTypes }: CloudConfig): readonly WantedDisk[] =>
  disks.map(({ name, type }) => ({ name, sizeMb: 0, cloudProperties: {}, ...diskTypes.get(type) }));

/** Whether the disks that a group names differ from those of an instance. */
export const namedDisksDiffer = ({ namedDisks }: Instance, wanted: readonly WantedDisk[]): boolean =>
  namedDisks.length !== wanted.length ||
  wanted.some((each) =>
    namedDiskDiffers(
      namedDisks.find(({ name }) => name === each.name),
      each,
    ),
  );

/** Whether the disk of this name must be replaced. */
export const namedDiskDiffers = (disk: Disk | undefined, wanted: WantedDisk): boolean =>
  digestOf([disk?.sizeMb ?? -1, disk?.cloudProperties ?? {}]) !== digestOf([wanted.sizeMb, wanted.cloudProperties]);

/** Whether an instance's persistent disk differs from what the plan wants. */
export const diskDiffers = (disk: Disk | null, wanted: PlannedInstance["disk"]): boolean =>
  digestOf([disk?.sizeMb ?? 0, disk?.cloudProperties ?? {}]) !==
  digestOf([wanted?.sizeMb ?? 0, wanted?.cloudProperties ?? {}]);
