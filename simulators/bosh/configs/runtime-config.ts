import { requireReleaseVersion } from "../artifacts/find-release.ts";
import { addonApplies, addToGroups, readAddons } from "../deploy/addons.ts";
import type { Manifest, ReleaseSpec } from "../deploy/manifest.ts";
import type { ParseContext } from "../deploy/parse-context.ts";
import { readRelease } from "../deploy/read-manifest.ts";
import { readVariables } from "../deploy/variable-specs.ts";
import { DirectorError } from "../wire/errors.ts";
import { type Fields, optionalField } from "./fields.ts";

/**
 * Several runtime configs as one, for lookups before they are applied (runtime_configs_consolidator.rb in bosh-director).
 *
 * @throws DirectorError 40000, 530006
 */
export function mergeRuntimeConfigs(parts: readonly Fields[]): Fields {
  const lists = new Map<string, unknown[]>([
    ["releases", []],
    ["addons", []],
    ["variables", []],
  ]);
  let tags: Fields | undefined;
  for (const part of parts) {
    for (const [key, list] of lists) list.push(...(optionalField(part, key, "array") ?? []));
    const own = optionalField(part, "tags", "hash");
    if (own !== undefined && tags !== undefined)
      throw new DirectorError(530006, "Runtime config 'tags' key cannot be defined in multiple runtime configs.");
    tags = own ?? tags;
  }
  if (parts.length === 0) return {};
  const filled = [...lists].filter(([key, list]) => key === "releases" || list.length > 0);
  return { ...Object.fromEntries(filled), ...(tags !== undefined && { tags }) };
}

/**
 * A manifest with what one runtime config adds to it: releases that are used, jobs, variables (planner_factory.rb in bosh-director).
 *
 * @throws DirectorError for the first rule that it breaks
 */
export function applyRuntimeConfig(manifest: Manifest, fields: Fields, context: ParseContext): Manifest {
  const releases = (optionalField(fields, "releases", "array") ?? []).map(readRuntimeRelease);
  const addons = readAddons(fields, "runtime", releases);
  const variables = readVariables(fields);
  const used = new Set(
    addons
      .filter((addon) => manifest.groups.some((group) => addonApplies(addon, group, context, manifest)))
      .flatMap(({ jobs }) => jobs.map(({ release }) => release)),
  );
  const all = [...used]
    .flatMap((name) => releases.filter((each) => each.name === name))
    .reduce((known, release) => addRelease(known, release, context), manifest.releases);
  const groups = addons.reduce((sum, addon) => addToGroups(addon, sum, all, context, manifest), manifest.groups);
  for (const { name } of variables)
    if (manifest.variables.some((each) => each.name === name))
      throw new DirectorError(190022, `Duplicate variable name '${name}'`);
  return { ...manifest, releases: all, groups, variables: [...manifest.variables, ...variables] };
}

/** @throws DirectorError 530001 */
function readRuntimeRelease(spec: unknown): ReleaseSpec {
  const { name, version } = readRelease(spec);
  if (/(?:^|[._])latest$/m.test(version))
    throw new DirectorError(
      530001,
      `Runtime manifest contains the release '${name}' with version as '${version}'. Please specify the actual version string.`,
    );
  return { name, version, exportedFrom: [] };
}

/** @throws DirectorError 530003, and those of a release that doesn't exist */
function addRelease(
  known: readonly ReleaseSpec[],
  release: ReleaseSpec,
  { state }: ParseContext,
): readonly ReleaseSpec[] {
  const same = known.find(({ name }) => name === release.name);
  if (same === undefined) {
    requireReleaseVersion(state, release.name, release.version);
    return [...known, release];
  }
  if (same.version === release.version) return known;
  throw new DirectorError(
    530003,
    `Runtime manifest specifies release '${release.name}' with version as '${release.version}'. This conflicts with version '${same.version}' specified in the deployment manifest.`,
  );
}
