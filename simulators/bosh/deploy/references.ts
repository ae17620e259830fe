import { requireReleaseVersion } from "../artifacts/find-release.ts";
import { lineOf } from "./package-validator.ts";
import type { CloudConfig } from "../configs/cloud-config.ts";
import { type LinkPlan, planLinks } from "../links/resolve.ts";
import type { ReleaseVersion, Stemcell } from "../state/artifacts.ts";
import type { DirectorState } from "../state/index.ts";
import { boundProperties } from "../templates/template-spec.ts";
import { DirectorError } from "../wire/errors.ts";
import type { InstanceGroup, Manifest } from "./manifest.ts";

/** A manifest with its names resolved against the current state, before anything is placed. */
export interface ResolvedManifest {
  readonly manifest: Manifest;
  readonly config: CloudConfig;
  readonly releases: readonly ReleaseVersion[];
  readonly links: LinkPlan["resolved"];
  readonly linkTable: LinkPlan["linkTable"];
  readonly provided: LinkPlan["provided"];
  readonly late: LinkPlan["late"];
}

/**
 * Resolves releases and links. Pure: the links that it makes are in the table that it returns.
 *
 * @throws DirectorError for the first dangling reference
 */
export function resolveManifest(
  state: Pick<DirectorState, "releases" | "links">,
  deployment: string,
  manifest: Manifest,
  config: CloudConfig,
  nowMs: number,
): ResolvedManifest {
  const known = manifest.releases.filter(({ name, version }) => isPresent(state, name, version));
  const releases = known.map(({ name, version }) => requireReleaseVersion(state, name, version));
  const { resolved: links, ...plan } = planLinks(state.links, deployment, manifest, releases, nowMs);
  return { manifest, config, releases, links, ...plan };
}

/** A release without used jobs may be missing until the deploy binds it. */
function isPresent(state: Pick<DirectorState, "releases">, name: string, version: string): boolean {
  try {
    requireReleaseVersion(state, name, version);
    return true;
  } catch (error) {
    if (error instanceof DirectorError) return false;
    throw error;
  }
}

/** Checks that all releases of a manifest exist. @throws DirectorError 30005, 30006, 30010 */
export function bindReleases(state: Pick<DirectorState, "releases">, { releases }: Manifest): void {
  for (const { name, version } of releases) requireReleaseVersion(state, name, version);
}

/**
 * Checks that the jobs of each group fit together (`bind_jobs` in bosh-director's assembler.rb).
 * @throws DirectorError 80011, 80015
 */
export function checkJobs(
  { manifest, releases }: ResolvedManifest,
  groups: readonly { readonly group: InstanceGroup; readonly stemcell: Stemcell }[],
): void {
  for (const { group } of groups) checkPackages(group, releases);
  for (const each of groups) checkExports(each, manifest);
  for (const { group } of groups) checkProperties(group, releases);
}

/** @throws DirectorError 100 for a property that should be a mapping */
function checkProperties({ jobs }: InstanceGroup, releases: readonly ReleaseVersion[]): void {
  for (const wish of jobs) {
    const release = releases.find(({ name }) => name === wish.release);
    const job = release?.jobs.find(({ name }) => name === wish.name);
    if (job !== undefined) boundProperties(job, wish.properties);
  }
}

interface PackageUse {
  readonly release: string;
  readonly job: string;
  readonly fingerprint: string;
  readonly key: string;
}

/** @throws DirectorError 80011 if two jobs bring different packages of one name */
function checkPackages(group: InstanceGroup, releases: readonly ReleaseVersion[]): void {
  const uses = new Map<string, PackageUse[]>();
  for (const job of group.jobs) {
    const release = releases.find(({ name }) => name === job.release);
    for (const name of release?.jobs.find((each) => each.name === job.name)?.packages ?? []) {
      const found = release?.packages.find((each) => each.name === name);
      const fingerprint = found?.fingerprint ?? "";
      const key = JSON.stringify([fingerprint, found?.dependencies.toSorted() ?? []]);
      uses.set(name, [...(uses.get(name) ?? []), { release: job.release, job: job.name, fingerprint, key }]);
    }
  }
  for (const [name, [first, ...rest]] of uses) {
    const other = rest.find(({ key }) => key !== first?.key);
    if (first === undefined || other === undefined) continue;
    const [a, b] = [first, other].map(
      ({ release, job, fingerprint }) =>
        `job '${release}/${job}' depends on package '${release}/${name}' with fingerprint '${fingerprint}'`,
    );
    throw new DirectorError(
      80011,
      `Package name collision detected in instance group '${group.name}': ${a}, ${b}. BOSH cannot currently collocate two packages with identical names and different fingerprints or dependencies.`,
    );
  }
}

/** @throws DirectorError 80015 if a release was exported from other stemcells than the group's */
function checkExports(
  { group, stemcell }: { readonly group: InstanceGroup; readonly stemcell: Stemcell },
  { releases }: Manifest,
): void {
  for (const job of group.jobs) {
    const exports = releases.find(({ name }) => name === job.release)?.exportedFrom ?? [];
    const fits = exports.some(
      ({ os, version }) => os === stemcell.operatingSystem && lineOf(version) === lineOf(stemcell.version),
    );
    if (exports.length === 0 || fits) continue;
    const title = `${stemcell.name}/${stemcell.version}`;
    throw new DirectorError(
      80015,
      `Invalid release detected in instance group '${group.name}' using stemcell '${title}': release '${job.release}' must be exported from stemcell '${title}'. Release '${job.release}' is exported from: ${exports.map(({ os, version }) => `'${os}/${version}'`).join(", ")}.`,
    );
  }
}
