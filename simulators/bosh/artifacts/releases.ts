import type { Fields } from "../configs/fields.ts";
import type { TaskArguments } from "../tasks/jobs.ts";
import type { Body } from "../../kernel/index.ts";
import type { ReleaseVersion } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import { DirectorError } from "../wire/errors.ts";
import type { Archive, BrokenArchive } from "./archive.ts";
import { byFingerprint, readRelease } from "./read-release.ts";
import { LOCK_MS, releaseLock } from "./release-lock.ts";
import { showParts } from "./release-stages.ts";
import { pause } from "../tasks/pause.ts";
import { compareVersions } from "./versions.ts";

const EXTRACT_MS = 2000;

/** `create release`: one archive, one version. @throws DirectorError 30002, 30003, 30014 */
export function* createRelease(
  director: Director,
  task: Task,
  { archive }: TaskArguments["create_release"],
): Body<string> {
  const extracted = yield* showOne(director, task, "Extracting release", extract(director, archive));
  const manifest = yield* showOne(director, task, "Verifying manifest", requireManifest(extracted));
  const work = addRelease(director, task, extracted, manifest);
  return yield* withLock(director, task, releaseLock(String(manifest.name)), { waitMs: LOCK_MS }, work);
}

/** A stage of a single step of the same name. */
const showOne = <T>(director: Director, task: Task, name: string, work: Body<T>): Body<T> =>
  new Stage(director, task, name, 1).step(name, work);

/** @throws DirectorError 30002 */
function* extract(director: Director, archive: Archive | BrokenArchive): Body<Archive> {
  yield director.kernel.work(EXTRACT_MS);
  if (archive.ok) return archive;
  throw new DirectorError(
    30002,
    `Extracting release archive failed. Check task debug log for details. (${archive.reason})`,
  );
}

/** @throws DirectorError 30003 */
function* requireManifest({ manifest }: Archive): Body<Fields> {
  if (manifest === null) throw new DirectorError(30003, "Release manifest not found");
  return manifest;
}

function* addRelease(director: Director, task: Task, archive: Archive, manifest: Fields): Body<string> {
  const release = readRelease(director, archive, manifest);
  yield* showOne(director, task, "Resolving package dependencies", pause(0));
  yield* showParts(director, task, release);
  const isCompiled = release.compiled.size > 0;
  storeRelease(director, release);
  const label = `${release.name}/${release.version}`;
  const stage = isCompiled ? "Compiled Release has been created" : "Release has been created";
  yield* new Stage(director, task, stage, 1).step(label, pause(0));
  return `Created release '${label}'`;
}

function storeRelease(director: Director, release: ReleaseVersion): void {
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
