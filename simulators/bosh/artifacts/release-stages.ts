import { pause } from "../tasks/pause.ts";
import type { Body } from "../../kernel/index.ts";
import type { ReleaseVersion } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { Stage } from "../tasks/stage.ts";
import { byFingerprint } from "./read-release.ts";

/** A job or package, as a stage shows it. */
export interface NamedPart {
  readonly name: string;
  readonly fingerprint: string;
}

/** Shows new packages and jobs one by one, and those that the director already has in one line. */
export function* showParts(director: Director, task: Task, release: ReleaseVersion): Body {
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

/** Shows a stage with a step for each part. */
export function* showNew(director: Director, task: Task, name: string, parts: readonly NamedPart[]): Body {
  const stage = new Stage(director, task, name, parts.length);
  for (const each of parts) yield* stage.step(`${each.name}/${each.fingerprint}`, pause(director.kernel.work(50)));
}

function* showExisting(director: Director, task: Task, kind: string, count: number): Body {
  if (count === 0) return;
  const label = `Processing ${count} existing ${kind}${count === 1 ? "" : "s"}`;
  yield* new Stage(director, task, label, 1).step(label, pause(0));
}
