import { requireReleaseVersion } from "../artifacts/find-release.ts";
import { type Fields, optionalField, requireField } from "../configs/fields.ts";
import { checkLinkSettings } from "../links/settings.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { type AddonLevel, type Filter, filterApplies, readFilter } from "./addon-filter.ts";
import type { InstanceGroup, JobSpec, ReleaseSpec } from "./manifest.ts";
import type { ParseContext, SharedParts } from "./parse-context.ts";

/*
 * Jobs that a manifest or a runtime config puts on every instance group that its rules include (addon/ in bosh-director).
 */

/** An addon, whose jobs may lack properties of their own. */
interface Addon {
  readonly name: string;
  readonly jobs: readonly JobSpec[];
  readonly include: Filter;
  readonly exclude: Filter;
}

/** The addons of a manifest or a runtime config. @throws DirectorError 530002, 530004, 530005, 530006 */
export function readAddons(
  fields: unknown,
  level: AddonLevel,
  releases: readonly { readonly name: string }[],
): readonly Addon[] {
  return (optionalField(fields, "addons", "array") ?? []).map((spec) => {
    const addon = readAddon(spec, level);
    for (const { name, release } of addon.jobs)
      if (!releases.some((each) => each.name === release))
        throw new DirectorError(
          530002,
          `Manifest specifies job '${name}' which is defined in '${release}', but '${release}' is not listed in the ${level} releases section.`,
        );
    return addon;
  });
}

function readAddon(spec: unknown, level: AddonLevel): Addon {
  const name = requireField(spec, "name", "string");
  const jobs = (optionalField(spec, "jobs", "array") ?? []).map((job) => ({
    name: requireField(job, "name", "string"),
    release: requireField(job, "release", "string"),
    provides: optionalField(job, "provides", "hash") ?? {},
    consumes: optionalField(job, "consumes", "hash") ?? {},
    own: optionalField(job, "properties", "hash"),
    customProviders: [],
  }));
  const include = readFilter(optionalField(spec, "include", "hash"), "include", level);
  const exclude = readFilter(optionalField(spec, "exclude", "hash"), "exclude", level);
  const common: Fields = optionalField(spec, "properties", "hash") ?? {};
  return { name, jobs: jobs.map(({ own, ...job }) => ({ ...job, properties: own ?? common })), include, exclude };
}

/** Whether an addon applies to this group. @throws DirectorError 100 in Ruby's words */
export const addonApplies = (
  { include, exclude }: Addon,
  group: InstanceGroup,
  context: ParseContext,
  shared: Pick<SharedParts, "stemcells">,
): boolean => filterApplies(include, group, context, shared) && !filterApplies(exclude, group, context, shared);

/** The groups with the jobs of an addon. @throws DirectorError 190011, those of releases and links; 100 if a group already has the job */
export function addToGroups(
  addon: Addon,
  groups: readonly InstanceGroup[],
  releases: readonly ReleaseSpec[],
  context: ParseContext,
  shared: Pick<SharedParts, "stemcells">,
): readonly InstanceGroup[] {
  const chosen = new Set(groups.filter((group) => addonApplies(addon, group, context, shared)).map(({ name }) => name));
  if (chosen.size === 0) return groups;
  return addon.jobs.reduce((all, job) => addJob(job, all, chosen, releases, context), groups);
}

function addJob(
  job: JobSpec,
  groups: readonly InstanceGroup[],
  chosen: ReadonlySet<string>,
  releases: readonly ReleaseSpec[],
  { state }: ParseContext,
): readonly InstanceGroup[] {
  const version = releases.find(({ name }) => name === job.release)?.version ?? "";
  const found = requireReleaseVersion(state, job.release, version).jobs.find(({ name }) => name === job.name);
  if (found === undefined) throw new DirectorError(190011, `Can't find job '${job.name}'`);
  return groups.map((group) => {
    if (!chosen.has(group.name)) return group;
    checkLinkSettings(job, found, { group: group.name, deployments: state.deployments });
    if (group.jobs.some(({ name }) => name === job.name))
      throw new DirectorError(
        UNCLASSED,
        `Colocated job '${job.name}' is already added to the instance group '${group.name}'.`,
      );
    return { ...group, jobs: [...group.jobs, job] };
  });
}
