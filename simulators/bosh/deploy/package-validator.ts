import type { ReleasePackage, ReleaseVersion, Stemcell } from "../state/artifacts.ts";
import { DirectorError } from "../wire/errors.ts";
import type { DeployPlan, PlannedGroup } from "./adopt.ts";
import { packagesOf } from "./plan-instance.ts";

/*
 * Finds compiled packages to use instead of source (package_validator.rb, compiled_package_finder.rb in
 * bosh-director). A package without source uses those compiled for any version of the stemcell's line
 * (`1.x`); if the manifest says `exported_from`, only those for that very version.
 */

type Target = Readonly<{ os: string; version: string }>;

/** The line of a version: `1` for `1.2`. */
export const lineOf = (version: string): string => version.replaceAll("_", ".").split(/[.\-+]/)[0] ?? "";

const targetOf = ({ operatingSystem: os, version }: Stemcell): Target => ({ os, version });

const fits = (target: Target, stemcell: Stemcell): boolean =>
  target.os === stemcell.operatingSystem && lineOf(target.version) === lineOf(stemcell.version);

const keyOf = ({ fingerprint }: ReleasePackage, { os, version }: Target): string => `${fingerprint}:${os}/${version}`;

/** Whether no compilation is needed: there is a compiled package that the stemcell can use. */
export function isCompiledFor(release: ReleaseVersion, each: ReleasePackage, stemcell: Stemcell): boolean {
  if (release.compiled.has(keyOf(each, targetOf(stemcell)))) return true;
  return each.packaging === null && [...release.compiled.keys()].some((key) => isForLine(key, each, stemcell));
}

function isForLine(key: string, { fingerprint }: ReleasePackage, stemcell: Stemcell): boolean {
  const [compiled, target = ""] = key.split(":");
  const at = target.lastIndexOf("/");
  return compiled === fingerprint && fits({ os: target.slice(0, at), version: target.slice(at + 1) }, stemcell);
}

interface Fault {
  readonly kind: "source" | "export" | "stemcell";
  readonly target: Target;
  readonly each: ReleasePackage;
}

/** @throws DirectorError 60001, 60003, 60004 if packages without source are not compiled for the stemcells */
export function checkPackages({ releases, manifest }: DeployPlan, groups: readonly PlannedGroup[]): void {
  const faults = new Map<string, Fault[]>();
  for (const { jobs, stemcell } of groups)
    for (const release of releases) {
      const own = jobs.filter((job) => job.release === release.name);
      const needed = new Set(own.flatMap((job) => packagesOf(releases, job)));
      const packages = release.packages.filter(({ fingerprint }) => needed.has(fingerprint));
      const exports = manifest.releases.find(({ name }) => name === release.name)?.exportedFrom ?? [];
      const found = packages.flatMap((each) => faultsOf(release, each, stemcell, exports));
      const title = `${release.name}/${release.version}`;
      if (found.length > 0) faults.set(title, [...(faults.get(title) ?? []), ...found]);
    }
  const last = [...faults.values()].at(-1)?.[0]?.kind;
  if (last === undefined) return;
  const stemcells = new Set([...faults.values()].flat().map(({ target }) => titleOf(target)));
  const texts = [...faults].map(([title, found]) => describeFaults(title, found, stemcells.size > 1));
  throw new DirectorError(CODES[last], `\n${texts.join("")}`);
}

const CODES: Readonly<Record<Fault["kind"], number>> = { source: 60001, export: 60003, stemcell: 60004 };

function faultsOf(
  release: ReleaseVersion,
  each: ReleasePackage,
  stemcell: Stemcell,
  exports: readonly Target[],
): readonly Fault[] {
  if (exports.length === 0)
    return each.packaging !== null || isCompiledFor(release, each, stemcell)
      ? []
      : [{ kind: "source", target: targetOf(stemcell), each }];
  const fitting = exports.filter((target) => fits(target, stemcell));
  if (fitting.length === 0) return [{ kind: "stemcell", target: targetOf(stemcell), each }];
  if (fitting.some((target) => release.compiled.has(keyOf(each, target)))) return [];
  return fitting.map((target) => ({ kind: "export", target, each }));
}

const titleOf = ({ os, version }: Target): string => `${os}/${version}`;
const packageTitle = ({ each }: Fault): string => `${each.name}/${each.fingerprint}`;

function describeFaults(title: string, faults: readonly Fault[], hasSeveralStemcells: boolean): string {
  const sorted = [...faults].sort((a, b) => (a.each.name < b.each.name ? -1 : 1));
  const targets = [...new Set(faults.map(({ target }) => titleOf(target)))];
  const list = (some: readonly Fault[]): string =>
    [...new Set(some.map((fault) => ` - '${packageTitle(fault)}'\n`))].join("");
  const kind = faults[0]?.kind;
  if (kind === "stemcell")
    return `Can't use release '${title}': expected to find stemcell for '${targets.join("', '")}' to be configured in exported_from'`;
  if (kind === "export")
    return `Can't use release '${title}':\n${targets
      .map(
        (target) =>
          `Packages must be exported from stemcell '${target}', but some packages are not compiled for this stemcell:\n${list(sorted.filter((fault) => titleOf(fault.target) === target))}`,
      )
      .join("")}`;
  const start = `Can't use release '${title}'. It references packages without source code and are not compiled against`;
  if (!hasSeveralStemcells) return `${start} stemcell '${targets[0]}':\n${list(sorted)}`;
  const each = sorted.map((fault) => ` - '${packageTitle(fault)}' against stemcell '${titleOf(fault.target)}'\n`);
  return `${start} intended stemcells:\n${each.join("")}`;
}
