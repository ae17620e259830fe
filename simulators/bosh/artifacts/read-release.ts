import type { LinkDefinition, ReleaseJob, ReleasePackage, ReleaseVersion } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import type { Archive, JobArchive, PackageArchive } from "./archive.ts";
import { readTexts } from "../../kernel/index.ts";
import { asFields, type Fields, readHashes } from "../configs/fields.ts";

/** A part whose fingerprint is known keeps its blob and its id. */
type KnownParts = ReadonlyMap<string, ReleaseJob | ReleasePackage>;

const readPart = (
  director: Director,
  fields: Fields,
  known: KnownParts,
): Omit<ReleasePackage, "id" | "dependencies" | "packaging" | "files"> => ({
  name: String(fields.name),
  version: String(fields.version ?? fields.fingerprint),
  fingerprint: String(fields.fingerprint ?? ""),
  sha1: String(fields.sha1 ?? ""),
  blobId: known.get(String(fields.fingerprint))?.blobId ?? director.kernel.random("bosh/blobs").uuid(),
});

const readLinkDefinitions = (value: unknown): readonly LinkDefinition[] =>
  readHashes(value).map((each) => ({ ...each, name: String(each.name), type: String(each.type) }));

function readJob(director: Director, fields: Fields, archive: JobArchive | undefined, known: KnownParts): ReleaseJob {
  const manifest = archive?.manifest ?? {};
  const properties = Object.entries(asFields(manifest.properties));
  const templates = Object.entries(asFields(manifest.templates));
  return {
    ...readPart(director, fields, known),
    packages: readTexts(fields.packages ?? manifest.packages),
    properties: Object.fromEntries(properties.map(([name, spec]) => [name, asFields(spec).default ?? null])),
    templates: templates.map(([source, target]) => ({
      source,
      target: String(target),
      text: archive?.templates[source] ?? "",
    })),
    monit: archive?.monit ?? "",
    consumes: readLinkDefinitions(manifest.consumes),
    provides: readLinkDefinitions(manifest.provides),
  };
}

function readPackage(
  director: Director,
  fields: Fields,
  packaging: PackageArchive | null,
  known: ReadonlyMap<string, ReleasePackage>,
): ReleasePackage {
  const same = known.get(String(fields.fingerprint));
  return {
    ...readPart(director, fields, known),
    id: same?.id ?? ++director.slot.value.packageIds,
    dependencies: readTexts(fields.dependencies),
    packaging: packaging?.script ?? same?.packaging ?? null,
    files: packaging?.files ?? same?.files ?? {},
  };
}

/** The parts of releases by fingerprint: parts with the same fingerprint are the same. */
export const byFingerprint = <T extends { readonly fingerprint: string }>(
  parts: readonly T[],
): ReadonlyMap<string, T> => new Map(parts.map((each) => [each.fingerprint, each]));

/** Reads a release from its manifest and its archives. Parts that the director has under the same fingerprint keep their ids. */
export function readRelease(director: Director, archive: Archive, manifest: Fields): ReleaseVersion {
  const others = director.slot.value.releases.get(String(manifest.name)) ?? [];
  const jobs = byFingerprint(others.flatMap((each) => each.jobs));
  const packages = byFingerprint(others.flatMap((each) => each.packages));
  const compiled = readHashes(manifest.compiled_packages);
  const blob = (): string => director.kernel.random("bosh/blobs").uuid();
  return {
    name: String(manifest.name),
    version: String(manifest.version),
    commitHash: String(manifest.commit_hash ?? ""),
    uncommittedChanges: manifest.uncommitted_changes === true,
    jobs: readHashes(manifest.jobs).map((each) => {
      const same = jobs.get(String(each.fingerprint));
      const own = archive.jobs[String(each.name)];
      return own === undefined && same !== undefined ? same : readJob(director, each, own, jobs);
    }),
    packages: [
      ...readHashes(manifest.packages).map((each) =>
        readPackage(director, each, archive.packaging[String(each.name)] ?? { script: "", files: {} }, packages),
      ),
      ...compiled.map((each) => readPackage(director, each, null, packages)),
    ],
    compiled: new Map(
      compiled.map((each) => [
        `${String(each.fingerprint)}:${String(each.stemcell)}`,
        { sha1: String(each.sha1 ?? ""), blobId: blob() },
      ]),
    ),
  };
}
