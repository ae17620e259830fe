import { asFields, type Fields, indexField, isHash } from "../configs/fields.ts";
import { inspect, isTruthy, rubyInstance, toRubyText } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import type { ManifestFile } from "./archive.ts";
import { normaliseVersion } from "./versions.ts";

/** A package or job of a release's manifest. */
export interface PartSpec {
  readonly name: string;
  readonly version: string;
  readonly sha1: string;
  readonly fingerprint: string;
  /** Of a package: whatever the manifest holds, unchecked. */
  readonly dependencies: unknown;
  /** Of a compiled package: `os/version`. */
  readonly stemcell: unknown;
}

/** The manifest of a release, with the fields checked so far. */
export interface ReleaseManifest {
  readonly name: string;
  readonly version: string;
  readonly commitHash: string | null;
  readonly uncommittedChanges: boolean | null;
  readonly isCompiled: boolean;
  readonly packages: readonly PartSpec[];
  readonly jobs: readonly PartSpec[];
}

/** The names and versions that the director's database accepts. */
const VALID = /^[-0-9A-Za-z_+.]+$/im;

/** @throws DirectorError 30003, 30010, 40005, or 100 in the words of Ruby */
export function readReleaseManifest(file: ManifestFile | null): ReleaseManifest {
  if (file === null) throw new DirectorError(30003, "Release manifest not found");
  if (!file.ok) throw new DirectorError(UNCLASSED, file.error);
  const fields = requireFields(file.value);
  const isCompiled = isTruthy(fields.compiled_packages);
  const packages = readParts(fields[isCompiled ? "compiled_packages" : "packages"]);
  const jobs = readParts(fields.jobs);
  const [name, given] = [toRubyText(fields.name), toRubyText(fields.version)];
  checkIdentifier(name, "release name");
  checkIdentifier(given, "release version");
  for (const [kind, parts] of [
    ["package", packages],
    ["job", jobs],
  ] as const)
    for (const [at, part] of parts.entries()) {
      checkIdentifier(part.name, `${kind} ${at + 1} name`);
      checkIdentifier(part.version, `${kind} ${at + 1} version`);
    }
  const version = normaliseVersion(given);
  if (version === undefined) throw new DirectorError(30010, `Release version invalid: ${given}`);
  const commit = fields.commit_hash ?? null;
  return {
    name,
    version,
    commitHash: commit === null ? null : String(commit),
    uncommittedChanges: typeof fields.uncommitted_changes === "boolean" ? fields.uncommitted_changes : null,
    isCompiled,
    packages,
    jobs,
  };
}

/** @throws DirectorError 100 */
function requireFields(value: unknown): Fields {
  if (!isHash(value)) indexField(value, "packages");
  return asFields(value);
}

/** @throws DirectorError 100 */
function readParts(list: unknown): readonly PartSpec[] {
  if (!isTruthy(list)) return [];
  if (!Array.isArray(list)) throw new DirectorError(UNCLASSED, `undefined method 'each' for ${rubyInstance(list)}`);
  return list.map((each: unknown) => {
    if (!isHash(each)) throw new DirectorError(UNCLASSED, `undefined method '[]' for ${rubyInstance(each)}`);
    const { dependencies, stemcell, fingerprint } = asFields(each);
    return {
      name: toRubyText(each.name),
      version: toRubyText(each.version),
      sha1: toRubyText(each.sha1),
      fingerprint: toRubyText(fingerprint),
      dependencies: isTruthy(dependencies) ? dependencies : [],
      stemcell,
    };
  });
}

/** @throws DirectorError 40005 */
function checkIdentifier(value: string, label: string): void {
  if (!VALID.test(value)) throw new DirectorError(40005, `Invalid ${label} in release manifest: ${inspect(value)}`);
}

/** The packages on which each one depends; checks that they exist, and form no circle (cycle_helper.rb in bosh-director). @throws DirectorError 100 */
export function checkDependencies(packages: readonly PartSpec[]): void {
  const edges = new Map(packages.map(({ name, dependencies }) => [name, dependencies]));
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (done.has(name)) return;
    const dependencies = edges.get(name);
    const here = [...path, name];
    if (!Array.isArray(dependencies))
      throw new DirectorError(UNCLASSED, `undefined method 'each' for ${rubyInstance(dependencies)}`);
    for (const each of dependencies.map(toRubyText)) {
      if (!edges.has(each)) throw new DirectorError(UNCLASSED, `Invalid edge: ${each}`);
      if (here.includes(each)) throw new DirectorError(UNCLASSED, `Cycle: ${here.join("=>")}=>${each}`);
      visit(each, here);
    }
    done.add(name);
  };
  for (const name of edges.keys()) visit(name, []);
}
