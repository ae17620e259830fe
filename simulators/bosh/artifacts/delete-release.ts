import type { TaskArguments } from "../tasks/jobs.ts";
import type { Body } from "../../kernel/index.ts";
import type { ReleaseVersion } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import { DirectorError } from "../wire/errors.ts";
import { LOCK_MS, releaseLock } from "./release-lock.ts";
import { pause } from "../tasks/pause.ts";

/** A job or package, as a stage shows it. */
interface NamedPart {
  readonly name: string;
  readonly fingerprint: string;
}

/** The parts of releases by fingerprint: parts with the same fingerprint are the same. */
const byFingerprint = <T extends NamedPart>(parts: readonly T[]): ReadonlyMap<string, T> =>
  new Map(parts.map((each) => [each.fingerprint, each]));

/** Shows a stage with a step for each part. */
function* showNew(director: Director, task: Task, name: string, parts: readonly NamedPart[]): Body {
  const stage = new Stage(director, task, name, parts.length);
  for (const each of parts) yield* stage.step(`${each.name}/${each.fingerprint}`, pause(director.kernel.work(STEP_MS)));
}

/** How long each deletion takes. */
const STEP_MS = 50;

/** The deployments that use a version. */
export const releaseUsers = (director: Director, name: string, version: string): readonly string[] =>
  [...director.slot.value.deployments.values()]
    .filter(({ releases }) => releases.some((each) => each.name === name && each.version === version))
    .map((each) => each.name);

/** `delete release: n` or one version of it. */
export function* deleteRelease(director: Director, task: Task, args: TaskArguments["delete_release"]): Body<string> {
  const { name, version } = args;
  return yield* withLock(
    director,
    task,
    releaseLock(name),
    { waitMs: LOCK_MS },
    deleteIfUnused(director, task, name, version),
  );
}

function* deleteIfUnused(director: Director, task: Task, name: string, version: string | undefined): Body<string> {
  const all = director.slot.value.releases.get(name) ?? [];
  const versions = all.filter((each) => version === undefined || each.version === version);
  if (versions.length === 0) throw new DirectorError(30006, `Release version '${name}/${version}' doesn't exist`);
  const users = [...new Set(versions.flatMap((each) => releaseUsers(director, name, each.version)))];
  if (users.length > 0) {
    throw version === undefined
      ? new DirectorError(30007, `Release '${name}' is still in use by: ${users.join(", ")}`)
      : new DirectorError(30008, `ReleaseVersion '${name}/${version}' is still in use by: ${users.join(", ")}`);
  }
  yield* deleteVersions(director, task, name, versions, version === undefined);
  return `/release/${name}`;
}

/** Deletes versions and the parts that only they hold. The stages of a whole release show its versions as well. */
export function* deleteVersions(
  director: Director,
  task: Task,
  name: string,
  versions: readonly ReleaseVersion[],
  whole: boolean,
): Body {
  const { releases } = director.slot.value;
  const left = (releases.get(name) ?? []).filter((each) => !versions.includes(each));
  const only = <T extends NamedPart>(pick: (each: ReleaseVersion) => readonly T[]): readonly T[] => {
    const kept = byFingerprint(left.flatMap(pick));
    return [...byFingerprint(versions.flatMap(pick)).values()].filter(({ fingerprint }) => !kept.has(fingerprint));
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
    const stage = new Stage(director, task, "Deleting release versions", versions.length);
    for (const { version } of versions) yield* stage.step(`${name}/${version}`, pause(0));
  }
  if (left.length === 0) releases.delete(name);
  else releases.set(name, left);
  for (const { version } of versions) director.kernel.record("bosh", "release.delete", `${name}/${version}`);
}
