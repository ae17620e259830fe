import { requireReleaseVersion } from "../artifacts/find-release.ts";
import { type Fields, indexField, isHash, optionalField, requireField } from "../configs/fields.ts";
import { checkLinkSettings, readCustomProviders } from "../links/settings.ts";
import { DirectorError } from "../wire/errors.ts";
import type { JobSpec } from "./manifest.ts";
import type { ParseContext, SharedParts } from "./parse-context.ts";

/**
 * The jobs of an instance group (`parse_jobs` in bosh-director's instance_group_spec_parser.rb).
 *
 * @throws DirectorError 140002, 140010, 140029 and those of releases and links
 */
export function readJobs(
  fields: unknown,
  group: string,
  shared: Pick<SharedParts, "releases" | "properties">,
  { state }: Pick<ParseContext, "state">,
): readonly JobSpec[] {
  const specs = requireField(fields, "jobs", "array");
  const own = optionalField(fields, "properties", "hash") ?? {};
  const common = mergeDeep(shared.properties, own);
  const origins = optionalField(fields, "migrated_from", "array") ?? [];
  const jobs = specs.map((spec) => {
    const job = readJob(spec, group, { releases: shared.releases, properties: common }, state);
    // Who provided or consumed the links before is looked up for each job.
    for (const origin of origins) indexField(origin, "name");
    return job;
  });
  for (const { name } of jobs)
    if (jobs.filter((each) => each.name === name).length > 1)
      throw new DirectorError(140010, `Colocated job '${name}' is already added to the instance group '${group}'`);
  return jobs;
}

function readJob(
  spec: unknown,
  group: string,
  { releases, properties: common }: Pick<SharedParts, "releases" | "properties">,
  state: ParseContext["state"],
): JobSpec {
  const name = requireField(spec, "name", "string");
  const release = requireField(spec, "release", "string");
  const known = releases.find((each) => each.name === release);
  if (known === undefined)
    throw new DirectorError(
      140002,
      `Job '${name}' (instance group '${group}') references an unknown release '${release}'`,
    );
  const found = requireReleaseVersion(state, known.name, known.version).jobs.find((each) => each.name === name);
  if (found === undefined) throw new DirectorError(140029, `Job '${name}' not found in release '${known.name}'`);
  const job: JobSpec = {
    name,
    release,
    properties: optionalField(spec, "properties", "hash") ?? common,
    provides: optionalField(spec, "provides", "hash") ?? {},
    customProviders: readCustomProviders(spec),
    consumes: optionalField(spec, "consumes", "hash") ?? {},
  };
  checkLinkSettings(job, found, { group, deployments: state.deployments });
  return job;
}

/** Nested mappings are merged; otherwise the second value wins. */
export function mergeDeep(first: Fields, second: Fields): Fields {
  const merged: Record<string, unknown> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = merged[key];
    merged[key] = isHash(before) && isHash(value) ? mergeDeep(before, value) : value;
  }
  return merged;
}
