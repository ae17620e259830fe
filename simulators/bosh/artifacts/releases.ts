import type { Body } from "../../kernel/index.ts";
import { compareVersions } from "./versions.ts";
import type { Director } from "../state/director.ts";
import { DirectorError } from "../wire/errors.ts";
import type { LinkDefinition, ReleaseJob, ReleasePackage, ReleaseVersion, Task } from "../state/index.ts";
import { holding, Stage } from "../tasks/queue.ts";
import type { Archive, BrokenArchive, JobArchive } from "./archive.ts";

type Fields = Readonly<Record<string, unknown>>;

const EXTRACT_MS = 2000;
const LOCK_MS = 300_000;

export const releaseLock = (name: string): string => `lock:release:${name}`;

function* pause(ms: number): Body {
  yield ms;
}

const list = (fields: Fields, name: string): readonly Fields[] => (fields[name] as readonly Fields[] | undefined) ?? [];
const texts = (value: unknown): readonly string[] => ((value as readonly unknown[] | undefined) ?? []).map(String);

/** A part whose fingerprint is known keeps its blob and its id. */
type Known = ReadonlyMap<string, ReleaseJob | ReleasePackage>;

const part = (
  director: Director,
  fields: Fields,
  known: Known,
): Omit<ReleasePackage, "id" | "dependencies" | "packaging"> => ({
  name: String(fields.name),
  version: String(fields.version ?? fields.fingerprint),
  fingerprint: String(fields.fingerprint ?? ""),
  sha1: String(fields.sha1 ?? ""),
  blobId: known.get(String(fields.fingerprint))?.blobId ?? director.kernel.random("bosh/blobs").uuid(),
});

const definitions = (manifest: Fields, name: string): readonly LinkDefinition[] =>
  list(manifest, name).map((each) => ({ ...each })) as unknown as readonly LinkDefinition[];

function readJob(director: Director, fields: Fields, archive: JobArchive | undefined, known: Known): ReleaseJob {
  const manifest = archive?.manifest ?? {};
  const properties = Object.entries((manifest.properties as Record<string, Fields> | null | undefined) ?? {});
  const templates = Object.entries((manifest.templates as Record<string, string> | null | undefined) ?? {});
  return {
    ...part(director, fields, known),
    packages: texts(fields.packages ?? manifest.packages),
    properties: Object.fromEntries(properties.map(([name, spec]) => [name, spec?.default ?? null])),
    templates: templates.map(([source, target]) => ({ source, target, text: archive?.templates[source] ?? "" })),
    consumes: definitions(manifest, "consumes"),
    provides: definitions(manifest, "provides"),
  };
}

function readPackage(director: Director, fields: Fields, packaging: string | null, known: Known): ReleasePackage {
  const same = known.get(String(fields.fingerprint)) as ReleasePackage | undefined;
  return {
    ...part(director, fields, known),
    id: same?.id ?? ++director.slot.value.packageIds,
    dependencies: texts(fields.dependencies),
    packaging: packaging ?? same?.packaging ?? null,
  };
}

const byFingerprint = <T extends { readonly fingerprint: string }>(parts: readonly T[]): ReadonlyMap<string, T> =>
  new Map(parts.map((each) => [each.fingerprint, each]));

function readRelease(director: Director, archive: Archive, manifest: Fields): ReleaseVersion {
  const others = director.slot.value.releases.get(String(manifest.name)) ?? [];
  const jobs = byFingerprint(others.flatMap((each) => each.jobs));
  const packages = byFingerprint(others.flatMap((each) => each.packages));
  const compiled = list(manifest, "compiled_packages");
  const blob = (): string => director.kernel.random("bosh/blobs").uuid();
  return {
    name: String(manifest.name),
    version: String(manifest.version),
    commitHash: String(manifest.commit_hash ?? ""),
    uncommittedChanges: manifest.uncommitted_changes === true,
    jobs: list(manifest, "jobs").map((each) => {
      const same = jobs.get(String(each.fingerprint));
      const own = archive.jobs[String(each.name)];
      return own === undefined && same !== undefined ? same : readJob(director, each, own, jobs);
    }),
    packages: [
      ...list(manifest, "packages").map((each) =>
        readPackage(director, each, archive.packaging[String(each.name)] ?? "", packages),
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

/** `create release`. */
export function* createRelease(director: Director, task: Task, args: Fields): Body<string> {
  const { kernel } = director;
  const archive = args.archive as Archive | BrokenArchive;
  const single = (name: string): Stage => new Stage(director, task, name, 1);
  yield* single("Extracting release").step(
    "Extracting release",
    (function* (): Body {
      yield kernel.work(EXTRACT_MS);
      if (!archive.ok)
        throw new DirectorError(
          30002,
          `Extracting release archive failed. Check task debug log for details. (${archive.reason})`,
        );
    })(),
  );
  const manifest = yield* single("Verifying manifest").step("Verifying manifest", verify(archive));
  return yield* holding(
    director,
    task,
    releaseLock(String(manifest.name)),
    { waitMs: LOCK_MS },
    (function* (): Body<string> {
      const release = readRelease(director, archive as Archive, manifest);
      yield* single("Resolving package dependencies").step("Resolving package dependencies", pause(0));
      yield* showParts(director, task, release);
      const isCompiled = release.compiled.size > 0;
      store(director, release);
      const label = `${release.name}/${release.version}`;
      yield* single(isCompiled ? "Compiled Release has been created" : "Release has been created").step(
        label,
        pause(0),
      );
      return `Created release '${label}'`;
    })(),
  );
}

function* verify(archive: Archive | BrokenArchive): Body<Fields> {
  if (!archive.ok || archive.manifest === null) throw new DirectorError(30003, "Release manifest not found");
  return archive.manifest;
}

interface Part {
  readonly name: string;
  readonly fingerprint: string;
}

/** New packages and jobs one by one, those that the director has already in one line. */
function* showParts(director: Director, task: Task, release: ReleaseVersion): Body {
  const others = director.slot.value.releases.get(release.name) ?? [];
  const compiledKnown = new Set(others.flatMap(({ compiled }) => [...compiled.keys()].map((key) => key.split(":")[0])));
  const packages = release.packages.filter(({ packaging }) => packaging !== null);
  const isCompiled = release.compiled.size > 0;
  const known = byFingerprint(others.flatMap((each) => each.packages));
  if (isCompiled) {
    const fresh = release.packages.filter(({ fingerprint }) => !known.has(fingerprint));
    const without = release.packages.filter(({ fingerprint }) => !compiledKnown.has(fingerprint));
    yield* showNew(director, task, "Creating new packages", fresh);
    const target = [...release.compiled.keys()][0]?.split(":")[1] ?? "";
    const named = without.map(({ name, fingerprint }) => ({ name, fingerprint: `${fingerprint} for ${target}` }));
    yield* showNew(director, task, "Creating new compiled packages", named);
  } else {
    yield* showNew(
      director,
      task,
      "Creating new packages",
      packages.filter(({ fingerprint }) => !known.has(fingerprint)),
    );
    yield* showExisting(director, task, "package", packages.filter(({ fingerprint }) => known.has(fingerprint)).length);
  }
  const jobs = byFingerprint(others.flatMap((each) => each.jobs));
  yield* showNew(
    director,
    task,
    "Creating new jobs",
    release.jobs.filter(({ fingerprint }) => !jobs.has(fingerprint)),
  );
  yield* showExisting(director, task, "job", release.jobs.filter(({ fingerprint }) => jobs.has(fingerprint)).length);
}

function* showNew(director: Director, task: Task, name: string, parts: readonly Part[]): Body {
  const stage = new Stage(director, task, name, parts.length);
  for (const each of parts) yield* stage.step(`${each.name}/${each.fingerprint}`, pause(director.kernel.work(50)));
}

function* showExisting(director: Director, task: Task, kind: string, count: number): Body {
  if (count === 0) return;
  const label = `Processing ${count} existing ${kind}${count === 1 ? "" : "s"}`;
  yield* new Stage(director, task, label, 1).step(label, pause(0));
}

function store(director: Director, release: ReleaseVersion): void {
  const { releases } = director.slot.value;
  const versions = releases.get(release.name) ?? [];
  const same = versions.find(({ version }) => version === release.version);
  if (same === undefined) {
    const own = byFingerprint(release.packages);
    for (const { compiled } of versions)
      for (const [key, blob] of compiled) if (own.has(key.split(":")[0] ?? "")) release.compiled.set(key, blob);
    versions.push(release);
  } else if (same.commitHash !== release.commitHash) {
    throw new DirectorError(
      30014,
      `release '${release.name}/${release.version}' has already been uploaded with commit_hash as '${same.commitHash}' and uncommitted_changes as '${same.uncommittedChanges}'`,
    );
  } else {
    same.packages = same.packages.map(
      (each) =>
        release.packages.find(({ fingerprint, packaging }) => fingerprint === each.fingerprint && packaging !== null) ??
        each,
    );
    for (const [key, blob] of release.compiled) if (!same.compiled.has(key)) same.compiled.set(key, blob);
  }
  releases.set(
    release.name,
    versions.sort((a, b) => compareVersions(a.version, b.version)),
  );
  director.kernel.record("bosh", "release.create", `${release.name}/${release.version}`);
}

/** The deployments that use a version. */
export const releaseUsers = (director: Director, name: string, version: string): readonly string[] =>
  [...director.slot.value.deployments.values()]
    .filter(({ releases }) => releases.some((each) => each.name === name && each.version === version))
    .map((each) => each.name);

/** `delete release: n` or one version of it. */
export function* deleteRelease(director: Director, task: Task, args: Fields): Body<string> {
  const { name, version } = args as { name: string; version?: string };
  return yield* holding(
    director,
    task,
    releaseLock(name),
    { waitMs: LOCK_MS },
    removeVersions(director, task, name, version),
  );
}

function* removeVersions(director: Director, task: Task, name: string, version: string | undefined): Body<string> {
  const versions = director.slot.value.releases.get(name) ?? [];
  const doomed = versions.filter((each) => version === undefined || each.version === version);
  if (doomed.length === 0) throw new DirectorError(30006, `Release version '${name}/${version}' doesn't exist`);
  const users = [...new Set(doomed.flatMap((each) => releaseUsers(director, name, each.version)))];
  if (users.length > 0) {
    throw version === undefined
      ? new DirectorError(30007, `Release '${name}' is still in use by: ${users.join(", ")}`)
      : new DirectorError(30008, `ReleaseVersion '${name}/${version}' is still in use by: ${users.join(", ")}`);
  }
  yield* dropVersions(director, task, name, doomed, version === undefined);
  return `/release/${name}`;
}

/** Deletes versions and the parts that only they hold. A whole release shows its versions, too. */
export function* dropVersions(
  director: Director,
  task: Task,
  name: string,
  doomed: readonly ReleaseVersion[],
  whole: boolean,
): Body {
  const { releases } = director.slot.value;
  const left = (releases.get(name) ?? []).filter((each) => !doomed.includes(each));
  const only = <T extends Part>(pick: (each: ReleaseVersion) => readonly T[]): readonly T[] => {
    const kept = byFingerprint(left.flatMap(pick));
    return [...byFingerprint(doomed.flatMap(pick)).values()].filter(({ fingerprint }) => !kept.has(fingerprint));
  };
  yield* showNew(
    director,
    task,
    "Deleting packages",
    only((each) => each.packages),
  );
  yield* showNew(
    director,
    task,
    "Deleting jobs",
    only((each) => each.jobs),
  );
  if (whole) {
    const stage = new Stage(director, task, "Deleting release versions", doomed.length);
    for (const { version } of doomed) yield* stage.step(`${name}/${version}`, pause(0));
  }
  if (left.length === 0) releases.delete(name);
  else releases.set(name, left);
  for (const { version } of doomed) director.kernel.record("bosh", "release.delete", `${name}/${version}`);
}
