import { asFields } from "../configs/fields.ts";
import type { TaskArguments } from "../tasks/jobs.ts";
import { pause } from "../tasks/pause.ts";
import type { Body } from "../../kernel/index.ts";
import type { Stemcell } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import { DirectorError } from "../wire/errors.ts";
import type { Archive, BrokenArchive } from "./archive.ts";
import { compareVersions } from "./versions.ts";

const EXTRACT_MS = 4000;

function* verifyArchive(archive: Archive | BrokenArchive): Body<Readonly<Record<string, unknown>>> {
  if (!archive.ok)
    throw new DirectorError(
      50000,
      `Extracting stemcell archive failed. Check task debug log for details. (${archive.reason})`,
    );
  if (archive.manifest === null) throw new DirectorError(50000, "Missing stemcell manifest");
  if (archive.members.image === undefined) throw new DirectorError(50001, "Stemcell image is missing");
  return archive.manifest;
}

/** The deployments that use a stemcell, by name. */
export const stemcellUsers = (director: Director, stemcell: Stemcell): readonly string[] =>
  [...director.slot.value.deployments.values()]
    .filter(({ stemcells }) =>
      stemcells.some(({ name, version }) => name === stemcell.name && version === stemcell.version),
    )
    .map(({ name }) => name)
    .sort();

/** `create stemcell`. */
export function* createStemcell(director: Director, task: Task, args: TaskArguments["create_stemcell"]): Body<string> {
  const { kernel } = director;
  const { archive } = args;
  const stage = new Stage(director, task, "Update stemcell", 5);
  yield* stage.step(
    "Extracting stemcell archive",
    (function* (): Body {
      yield kernel.work(EXTRACT_MS);
      if (!archive.ok) yield* verifyArchive(archive);
    })(),
  );
  const manifest = yield* stage.step("Verifying stemcell manifest", verifyArchive(archive));
  const name = String(manifest.name);
  const version = String(manifest.version);
  yield* withLock(
    director,
    task,
    stemcellLock(name, version),
    { waitMs: 900_000 },
    uploadToCloud(director, stage, manifest, args.fix),
  );
  return `/stemcells/${name}/${version}`;
}

const stemcellLock = (name: string, version: string): string => `lock:stemcells:${name}:${version}`;

function* uploadToCloud(
  director: Director,
  stage: Stage,
  manifest: Readonly<Record<string, unknown>>,
  fix: boolean,
): Body {
  const name = String(manifest.name);
  const version = String(manifest.version);
  const known = director.slot.value.stemcells.find((each) => each.name === name && each.version === version);
  yield* stage.step("Checking if this stemcell already exists", pause(0));
  const skipped = known !== undefined && !fix;
  const suffix = skipped ? " (already exists, skipped)" : "";
  const properties = asFields(manifest.cloud_properties);
  const cid = yield* stage.step(
    `Uploading stemcell ${name}/${version} to the cloud${suffix}`,
    skipped ? keepCid(known.cid) : director.cpi.createStemcell(name, version, properties),
  );
  yield* stage.step(`Save stemcell ${name}/${version} (${cid})${suffix}`, pause(0));
  if (known !== undefined) known.cid = cid;
  else saveStemcell(director, manifest, cid);
}

function* keepCid(cid: string): Body<string> {
  return cid;
}

function saveStemcell(director: Director, manifest: Readonly<Record<string, unknown>>, cid: string): void {
  const state = director.slot.value;
  const stemcell: Stemcell = {
    id: ++state.stemcellIds,
    name: String(manifest.name),
    version: String(manifest.version),
    operatingSystem: String(manifest.operating_system ?? manifest.name),
    apiVersion: Number(manifest.api_version ?? 1),
    cid,
  };
  state.stemcells.push(stemcell);
  state.stemcells.sort((a, b) =>
    a.name === b.name ? compareVersions(a.version, b.version) : a.name < b.name ? -1 : 1,
  );
  director.kernel.record("bosh", "stemcell.create", `${stemcell.name}/${stemcell.version}`, { cid });
}

/** `delete stemcell: n/v`. */
export function* deleteStemcell(director: Director, task: Task, args: TaskArguments["delete_stemcell"]): Body<string> {
  const { name, version } = args;
  yield* withLock(
    director,
    task,
    stemcellLock(name, version),
    { waitMs: 10_000 },
    removeStemcell(director, name, version),
  );
  return `/stemcells/${name}/${version}`;
}

function* removeStemcell(director: Director, name: string, version: string): Body {
  const state = director.slot.value;
  const stemcell = state.stemcells.find((each) => each.name === name && each.version === version);
  if (stemcell === undefined) throw new DirectorError(50003, `Stemcell '${name}/${version}' doesn't exist`);
  const users = stemcellUsers(director, stemcell);
  if (users.length > 0)
    throw new DirectorError(50004, `Stemcell '${name}/${version}' is still in use by: ${users.join(", ")}`);
  yield* director.cpi.deleteStemcell(stemcell.cid);
  state.stemcells.splice(state.stemcells.indexOf(stemcell), 1);
  director.kernel.record("bosh", "stemcell.delete", `${name}/${version}`);
}
