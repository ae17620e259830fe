import type { Body } from "../../kernel/index.ts";
import { readTexts } from "../../kernel/index.ts";
import { rubyInstance } from "../templates/ruby.ts";
import type { ReleasePackage, ReleaseVersion } from "../state/artifacts.ts";
import { pause } from "../tasks/pause.ts";
import { Stage } from "../tasks/stage.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import type { PackageArchive } from "./archive.ts";
import type { PartSpec } from "./release-manifest.ts";
import type { ReleaseUpload } from "./releases.ts";

/*
 * The packages of an upload (package_processor.rb and package_persister.rb in bosh-director).
 */

/** A package of the manifest, with the one that the release has under the same name, version and fingerprint. */
interface PackageChoice {
  readonly spec: PartSpec;
  readonly known: ReleasePackage | undefined;
  readonly isRegistered: boolean;
}

/** How long each step takes. */
const STEP_MS = 50;

/** @throws DirectorError 30012, 60000, or 100 */
export function* processPackages(upload: ReleaseUpload): Body {
  const { director, task, manifest } = upload;
  const choices = manifest.packages.map((spec) => choosePackage(upload, spec));
  const fresh = choices.filter(({ known }) => known === undefined);
  const stage = new Stage(director, task, "Creating new packages", fresh.length);
  for (const { spec } of fresh) yield* stage.step(`${spec.name}/${spec.version}`, createPackage(upload, spec));
  const existing = choices.filter(({ known, isRegistered }) => known !== undefined && !isRegistered);
  yield* showExisting(upload, existing.length, () => {
    for (const { spec, known } of existing) if (known !== undefined) adoptPackage(upload, spec, known);
  });
  const registered = choices.filter(({ isRegistered }) => isRegistered);
  if (manifest.isCompiled) yield* createCompiled(upload, [...fresh, ...existing, ...registered]);
  else
    yield* showExisting(upload, registered.length, () => {
      for (const { spec, known } of registered) if (known !== undefined) addSource(upload, spec, known);
    });
}

function* showExisting({ director, task }: ReleaseUpload, count: number, work: () => void): Body {
  if (count === 0) return;
  const label = `Processing ${count} existing package${count === 1 ? "" : "s"}`;
  yield* new Stage(director, task, label, 1).step(
    label,
    (function* (): Body {
      work();
    })(),
  );
}

/** @throws DirectorError 30012 */
function choosePackage({ version, versions, manifest }: ReleaseUpload, spec: PartSpec): PackageChoice {
  const isOther = version.packages.some((each) => each.name === spec.name && each.fingerprint !== spec.fingerprint);
  if (isOther)
    throw new DirectorError(
      30012,
      `package '${spec.name}' had different fingerprint in previously uploaded release '${manifest.name}/${version.version}'`,
    );
  const isSame = (each: ReleasePackage): boolean =>
    each.name === spec.name && each.version === spec.version && each.fingerprint === spec.fingerprint;
  const known = versions.flatMap(({ packages }) => packages).find(isSame);
  return { spec, known, isRegistered: version.packages.some(isSame) };
}

/** A package of any release with the same contents. */
function findSource({ director }: ReleaseUpload, { fingerprint }: PartSpec): ReleasePackage | undefined {
  for (const versions of director.slot.value.releases.values())
    for (const { packages } of versions)
      for (const each of packages) if (each.fingerprint === fingerprint && each.packaging !== null) return each;
  return undefined;
}

function* createPackage(upload: ReleaseUpload, spec: PartSpec): Body {
  const { director, version, manifest } = upload;
  yield director.kernel.work(STEP_MS);
  if (version.packages.some((each) => each.name === spec.name && each.version === spec.version))
    throw new DirectorError(UNCLASSED, "release_id and name and version unique");
  const { name, fingerprint, sha1 } = spec;
  const same = manifest.isCompiled ? undefined : findSource(upload, spec);
  const source = manifest.isCompiled ? undefined : (same ?? requireArchive(upload, spec));
  const isReused = source !== undefined && "packaging" in source;
  version.packages = [
    ...version.packages,
    {
      id: ++director.slot.value.packageIds,
      name,
      version: spec.version,
      fingerprint,
      sha1: isReused ? source.sha1 : sha1,
      blobId: director.kernel.random("bosh/blobs").uuid(),
      dependencies: readTexts(spec.dependencies),
      packaging: source === undefined ? null : isReused ? source.packaging : source.script,
      files: source?.files ?? {},
    },
  ];
}

/** @throws DirectorError 60000 */
function requireArchive({ archive }: ReleaseUpload, { name, version }: PartSpec): PackageArchive {
  const found = archive.packages[name];
  if (found?.ok === true) return found;
  throw new DirectorError(
    60000,
    `Extracting package '${name}/${version}' archive failed. Check task debug log for details.`,
  );
}

/** Adopts a package of another version of the release into this one, with its compiled packages. */
function adoptPackage(upload: ReleaseUpload, spec: PartSpec, known: ReleasePackage): void {
  const { version, versions } = upload;
  version.packages = [...version.packages, known];
  for (const { compiled } of versions)
    for (const [key, blob] of compiled)
      if (key.startsWith(`${known.fingerprint}:`) && !version.compiled.has(key)) version.compiled.set(key, blob);
  if (!upload.manifest.isCompiled) addSource(upload, spec, known);
}

/** Gives a package its source if only the compiled one existed, or if the upload is to fix it. @throws DirectorError 60000 */
function addSource(upload: ReleaseUpload, spec: PartSpec, known: ReleasePackage): void {
  if (known.packaging !== null && !upload.fix) return;
  const { script, files } = requireArchive(upload, spec);
  const mended: ReleasePackage = { ...known, sha1: spec.sha1, packaging: script, files };
  for (const each of upload.versions) {
    each.packages = each.packages.map((part) => (part.id === known.id ? mended : part));
    if (upload.fix)
      for (const key of each.compiled.keys()) if (key.startsWith(`${known.fingerprint}:`)) each.compiled.delete(key);
  }
}

/** @throws DirectorError 60000, or 100 */
function* createCompiled(upload: ReleaseUpload, choices: readonly PackageChoice[]): Body {
  const { director, task, version } = upload;
  const stage = new Stage(director, task, "Creating new compiled packages", choices.length);
  for (const { spec } of choices) {
    const target = readTarget(spec.stemcell);
    checkDependencyKey(version, spec);
    if (version.compiled.has(`${spec.fingerprint}:${target}`)) continue;
    yield* stage.step(`${spec.name}/${spec.version} for ${target}`, addCompiled(upload, spec, target));
  }
}

/** @throws DirectorError 100 */
function readTarget(stemcell: unknown): string {
  if (typeof stemcell !== "string")
    throw new DirectorError(UNCLASSED, `undefined method 'split' for ${rubyInstance(stemcell)}`);
  if (/^[^/]+\/[^/]+$/.test(stemcell)) return stemcell;
  throw new DirectorError(
    UNCLASSED,
    `Expected value to be in the format of "{os_name}/{stemcell_version}", but given "${stemcell}"`,
  );
}

/** @throws DirectorError 30016 if a package was compiled with others than the release has */
function checkDependencyKey({ packages }: ReleaseVersion, { name, dependencies }: PartSpec): void {
  const known = packages.find((each) => each.name === name)?.dependencies ?? [];
  if ([...known].sort().join("\n") === [...readTexts(dependencies)].sort().join("\n")) return;
  throw new DirectorError(
    30016,
    `The uploaded release contains package dependencies in '${name}' that do not match database records.`,
  );
}

function* addCompiled({ director, archive, version, versions }: ReleaseUpload, spec: PartSpec, target: string): Body {
  yield* pause(director.kernel.work(STEP_MS));
  const key = `${spec.fingerprint}:${target}`;
  const known = [...director.slot.value.releases.values()].flat().find(({ compiled }) => compiled.has(key));
  // The director skips one that any of its releases has already.
  if (known === undefined && archive.compiledPackages[spec.name]?.ok !== true)
    throw new DirectorError(60000, "Extracting compiled package archive failed. Check task debug log for details.");
  const blob = { sha1: spec.sha1, blobId: director.kernel.random("bosh/blobs").uuid() };
  for (const each of new Set([version, ...versions]))
    if (each.packages.some(({ fingerprint }) => fingerprint === spec.fingerprint)) each.compiled.set(key, blob);
}
