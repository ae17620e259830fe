import type { TaskArguments } from "../tasks/jobs.ts";
import type { Body } from "../../kernel/index.ts";
import type { ReleaseVersion } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { pause } from "../tasks/pause.ts";
import { Stage } from "../tasks/stage.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import type { Archive } from "./archive.ts";
import { archiveOf, failDownload } from "./uploads.ts";
import { verifyDigest } from "./digests.ts";
import { processJobs } from "./release-jobs.ts";
import { LOCK_MS, releaseLock } from "./release-lock.ts";
import { checkDependencies, readReleaseManifest, type ReleaseManifest } from "./release-manifest.ts";
import { processPackages } from "./release-packages.ts";
import { hasPostRelease, rebaseVersion } from "./versions.ts";

const EXTRACT_MS = 2000;

/** An upload in progress: its contents, and the version of the release that it fills. */
export interface ReleaseUpload {
  readonly director: Director;
  readonly task: Task;
  readonly archive: Archive;
  readonly manifest: ReleaseManifest;
  readonly version: ReleaseVersion;
  /** All versions of the release, this one among them. */
  readonly versions: readonly ReleaseVersion[];
  /** Whether existing parts are replaced. */
  readonly fix: boolean;
}

type Args = TaskArguments["create_release"];

/** `create release`: one archive, one version (update_release.rb in bosh-director). @throws DirectorError for the first rule that it breaks */
export function* createRelease(director: Director, task: Task, args: Args): Body<string> {
  const { upload, sha1 } = args;
  if (upload.kind === "url")
    yield* showOne(director, task, "Downloading remote release", failDownload(upload.download, "release"));
  const received = archiveOf(upload);
  if (sha1 !== null) yield* showOne(director, task, "Verifying remote release", verify(received?.digests ?? {}, sha1));
  const archive = yield* showOne(director, task, "Extracting release", extract(director, received));
  const manifest = yield* showOne(director, task, "Verifying manifest", readManifest(archive));
  const work = addRelease(director, task, archive, manifest, args);
  return yield* withLock(director, task, releaseLock(manifest.name), { waitMs: LOCK_MS }, work);
}

/** Runs a stage that consists of one step of the same name. */
const showOne = <T>(director: Director, task: Task, name: string, work: Body<T>): Body<T> =>
  new Stage(director, task, name, 1).step(name, work);

/** @throws DirectorError 30015 */
function* verify(digests: Archive["digests"], sha1: string): Body {
  verifyDigest(digests, sha1, 30015);
}

/** @throws DirectorError 30002 */
function* extract(director: Director, archive: ReturnType<typeof archiveOf>): Body<Archive> {
  yield director.kernel.work(EXTRACT_MS);
  if (archive?.ok === true) return archive;
  throw new DirectorError(30002, "Extracting release archive failed. Check task debug log for details.");
}

function* readManifest({ manifest }: Archive): Body<ReleaseManifest> {
  return readReleaseManifest(manifest);
}

function* addRelease(
  director: Director,
  task: Task,
  archive: Archive,
  manifest: ReleaseManifest,
  { fix, rebase }: Args,
): Body<string> {
  const { releases } = director.slot.value;
  const versions = releases.get(manifest.name) ?? [];
  // It is listed from now on, however the upload ends.
  releases.set(manifest.name, versions);
  const wanted = rebase ? rebasedVersion(manifest, versions) : manifest.version;
  const { version, isMended } = openVersion(director, manifest, versions, wanted);
  const upload = { director, task, archive, manifest, version, versions, fix: fix || isMended };
  yield* showOne(director, task, "Resolving package dependencies", resolveDependencies(manifest));
  yield* processPackages(upload);
  yield* processJobs(upload);
  const label = `${manifest.name}/${version.version}`;
  const stage = manifest.isCompiled ? "Compiled Release has been created" : "Release has been created";
  yield* new Stage(director, task, stage, 1).step(label, pause(0));
  version.isComplete = true;
  director.kernel.record("bosh", "release.create", label);
  return `Created release '${label}'`;
}

function* resolveDependencies({ packages }: ReleaseManifest): Body {
  checkDependencies(packages);
}

/** @throws DirectorError 100 for anything but a development version */
function rebasedVersion({ version }: ReleaseManifest, versions: readonly ReleaseVersion[]): string {
  if (!hasPostRelease(version))
    throw new DirectorError(UNCLASSED, `Failed to Rebase - Invalid Version: ${inspectVersion(version)}`);
  return rebaseVersion(
    version,
    versions.map((each) => each.version),
  );
}

/** A version as Ruby's `inspect` shows it. */
function inspectVersion(version: string): string {
  const [release = "", pre] = version.split("-");
  const segment = (text: string): string =>
    `#<SemiSemantic::VersionSegment:0x0000000000000008 @components=[${text
      .split(".")
      .map((part) => (/^\d+$/.test(part) ? part : `"${part}"`))
      .join(", ")}]>`;
  const segments = [release, ...(pre === undefined ? [] : [pre])].map(segment);
  return `#<Bosh::Version::ReleaseVersion:0x0000000000000008 @version=#<SemiSemantic::Version:0x0000000000000008 @release=${segment(release)}, @pre_release=${pre === undefined ? "nil" : segment(pre)}, @post_release=nil, @segments=[${segments.join(", ")}]>>`;
}

/** The database's values when a manifest says nothing. */
const UNKNOWN_COMMIT = "unknown";

/** The version that an upload fills: a new or an existing one. @throws DirectorError 30014 */
function openVersion(
  director: Director,
  { name, commitHash, uncommittedChanges }: ReleaseManifest,
  versions: ReleaseVersion[],
  wanted: string,
): { readonly version: ReleaseVersion; readonly isMended: boolean } {
  const known = versions.find(({ version }) => version === wanted);
  if (known === undefined) {
    const version: ReleaseVersion = {
      row: ++director.slot.value.releaseRows,
      name,
      version: wanted,
      commitHash: commitHash ?? UNKNOWN_COMMIT,
      uncommittedChanges: uncommittedChanges ?? false,
      isComplete: false,
      jobs: [],
      packages: [],
      compiled: new Map(),
    };
    versions.push(version);
    return { version, isMended: false };
  }
  if (known.commitHash !== commitHash || known.uncommittedChanges !== uncommittedChanges)
    throw new DirectorError(
      30014,
      `release '${name}/${wanted}' has already been uploaded with commit_hash as '${known.commitHash}' and uncommitted_changes as '${uncommittedChanges ?? ""}'`,
    );
  const isMended = !known.isComplete;
  known.isComplete = false;
  return { version: known, isMended };
}
