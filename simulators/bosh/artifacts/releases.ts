import type { Body } from "../../kernel/index.ts";
import { compareVersions } from "../deploy/plan.ts";
import type { Director } from "../director.ts";
import { DirectorError } from "../errors.ts";
import type { ReleaseJob, ReleasePackage, ReleaseVersion, Task } from "../state.ts";
import { lock, Stage } from "../tasks.ts";
import type { Archive, BrokenArchive } from "./archive.ts";

type Fields = Readonly<Record<string, unknown>>;

const EXTRACT_MS = 2000;

function* pause(ms: number): Body {
  yield ms;
}

const list = (fields: Fields, name: string): readonly Fields[] => (fields[name] as readonly Fields[] | undefined) ?? [];

const part = (fields: Fields): { name: string; version: string; fingerprint: string; sha1: string } => ({
  name: String(fields.name),
  version: String(fields.version ?? fields.fingerprint),
  fingerprint: String(fields.fingerprint ?? ""),
  sha1: String(fields.sha1 ?? ""),
});

function readJob(fields: Fields, manifest: Fields | undefined): ReleaseJob {
  const properties = Object.entries((manifest?.properties as Record<string, Fields> | undefined) ?? {});
  return {
    ...part(fields),
    packages: ((fields.packages as readonly unknown[] | undefined) ?? []).map(String),
    properties: Object.fromEntries(properties.map(([name, spec]) => [name, spec?.default ?? null])),
    templates: Object.values((manifest?.templates as Record<string, string> | undefined) ?? {}),
  };
}

const readPackage = (fields: Fields): ReleasePackage => ({
  ...part(fields),
  dependencies: ((fields.dependencies as readonly unknown[] | undefined) ?? []).map(String),
});

function readRelease(archive: Archive, manifest: Fields): ReleaseVersion {
  const compiled = list(manifest, "compiled_packages");
  return {
    name: String(manifest.name),
    version: String(manifest.version),
    commitHash: String(manifest.commit_hash ?? ""),
    uncommittedChanges: manifest.uncommitted_changes === true,
    jobs: list(manifest, "jobs").map((each) => readJob(each, archive.jobs[String(each.name)])),
    packages: [...list(manifest, "packages"), ...compiled].map(readPackage),
    compiled: new Set(compiled.map((each) => `${String(each.fingerprint)}:${String(each.stemcell)}`)),
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
  const release = readRelease(archive as Archive, manifest);
  yield* lock(director, task, `lock:release:${release.name}`, 300_000);
  yield* single("Resolving package dependencies").step("Resolving package dependencies", pause(0));
  yield* showParts(director, task, release);
  store(director, release);
  const label = `${release.name}/${release.version}`;
  yield* single(release.compiled.size > 0 ? "Compiled Release has been created" : "Release has been created").step(
    label,
    pause(0),
  );
  return `Created release '${label}'`;
}

function* verify(archive: Archive | BrokenArchive): Body<Fields> {
  if (!archive.ok || archive.manifest === null) throw new DirectorError(30003, "Release manifest not found");
  return archive.manifest;
}

/** New packages and jobs one by one, those that the director has already in one line. */
function* showParts(director: Director, task: Task, release: ReleaseVersion): Body {
  const others = director.slot.value.releases.get(release.name) ?? [];
  for (const kind of ["packages", "jobs"] as const) {
    const known = new Set(
      others.flatMap((each) =>
        (each[kind] as readonly { fingerprint: string }[]).map(({ fingerprint }) => fingerprint),
      ),
    );
    const parts = release[kind] as readonly { name: string; fingerprint: string }[];
    const fresh = parts.filter(({ fingerprint }) => !known.has(fingerprint));
    const stage = new Stage(director, task, `Creating new ${kind}`, fresh.length);
    for (const { name, fingerprint } of fresh)
      yield* stage.step(`${name}/${fingerprint}`, pause(director.kernel.work(50)));
    const existing = parts.length - fresh.length;
    if (existing === 0) continue;
    const label = `Processing ${existing} existing ${kind === "jobs" ? "job" : "package"}${existing === 1 ? "" : "s"}`;
    yield* new Stage(director, task, label, 1).step(label, pause(0));
  }
}

function store(director: Director, release: ReleaseVersion): void {
  const { releases } = director.slot.value;
  const versions = releases.get(release.name) ?? [];
  const same = versions.find(({ version }) => version === release.version);
  if (same === undefined) versions.push(release);
  else if (same.commitHash !== release.commitHash) {
    throw new DirectorError(
      30014,
      `release '${release.name}/${release.version}' has already been uploaded with commit_hash as '${same.commitHash}' and uncommitted_changes as '${same.uncommittedChanges}'`,
    );
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
  yield* lock(director, task, `lock:release:${name}`, 300_000);
  const { releases } = director.slot.value;
  const versions = releases.get(name) ?? [];
  const doomed = versions.filter((each) => version === undefined || each.version === version);
  if (doomed.length === 0) throw new DirectorError(30006, `Release version '${name}/${version}' doesn't exist`);
  for (const each of doomed) {
    const users = releaseUsers(director, name, each.version);
    if (users.length > 0)
      throw new DirectorError(
        version === undefined ? 30007 : 30008,
        `Release '${name}${version === undefined ? "" : `/${version}`}' is still in use by: ${users.join(", ")}`,
      );
  }
  const left = versions.filter((each) => !doomed.includes(each));
  if (left.length === 0) releases.delete(name);
  else releases.set(name, left);
  director.kernel.record("bosh", "release.delete", version === undefined ? name : `${name}/${version}`);
  return `/release/${name}`;
}
