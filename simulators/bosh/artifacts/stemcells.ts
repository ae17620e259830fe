import { cpiNames } from "../configs/cpi-config.ts";
import { optionalField, requireField } from "../configs/fields.ts";
import type { TaskArguments } from "../tasks/jobs.ts";
import { pause } from "../tasks/pause.ts";
import type { Body } from "../../kernel/index.ts";
import type { Properties } from "../cpi/cpi.ts";
import type { Stemcell } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import { inspect } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import type { Archive } from "./archive.ts";
import { verifyDigest } from "./digests.ts";
import { archiveOf, failDownload } from "./uploads.ts";
import { compareVersions } from "./versions.ts";

const EXTRACT_MS = 4000;

/** The contents of stemcell.MF. */
interface StemcellManifest {
  readonly name: string;
  readonly operatingSystem: string;
  readonly version: string;
  readonly formats: readonly unknown[] | undefined;
  readonly cloudProperties: Properties | undefined;
  readonly apiVersion: number | null;
  /** If it is small. */
  readonly image: string | null;
}

/** @throws DirectorError 40000, 40001, 50001, or 100 in the words of Ruby */
function* readManifest({ manifest, members, image }: Archive): Body<StemcellManifest> {
  if (manifest === null)
    throw new DirectorError(UNCLASSED, "No such file or directory @ rb_sysopen - /tmp/stemcell/stemcell.MF");
  if (!manifest.ok) throw new DirectorError(UNCLASSED, manifest.error);
  const { value } = manifest;
  const name = requireField(value, "name", "string");
  const operatingSystem = optionalField(value, "operating_system", "string") ?? name;
  const version = requireField(value, "version", "string");
  const formats = optionalField(value, "stemcell_formats", "array");
  const cloudProperties = optionalField(value, "cloud_properties", "hash");
  requireField(value, "sha1", "string");
  const apiVersion = optionalField(value, "api_version", "integer") ?? null;
  if (!members.includes("image")) throw new DirectorError(50001, "Stemcell image not found");
  return { name, operatingSystem, version, formats, cloudProperties, apiVersion, image };
}

/** @throws DirectorError 50007 */
function* verify(digests: Archive["digests"], sha1: string): Body {
  verifyDigest(digests, sha1, 50007);
}

/** @throws DirectorError 50000 */
function* extract(director: Director, archive: ReturnType<typeof archiveOf>): Body<Archive> {
  yield director.kernel.work(EXTRACT_MS);
  if (archive?.ok === true) return archive;
  throw new DirectorError(50000, "Extracting stemcell archive failed. Check task debug log for details.");
}

/** The names of the deployments that use a stemcell, oldest first. */
export const stemcellUsers = (director: Director, stemcell: Stemcell): readonly string[] =>
  [...director.slot.value.deployments.values()]
    .filter(({ stemcells }) =>
      stemcells.some(({ name, version }) => name === stemcell.name && version === stemcell.version),
    )
    .map(({ name }) => name);

/** `create stemcell` (update_stemcell.rb in bosh-director). @throws DirectorError for the first rule that it breaks */
export function* createStemcell(director: Director, task: Task, args: TaskArguments["create_stemcell"]): Body<string> {
  const { upload, sha1, fix } = args;
  const extra = (upload.kind === "url" ? 1 : 0) + (sha1 === null ? 0 : 1);
  const cpis = cpiNames(director);
  const stage = new Stage(director, task, "Update stemcell", STEPS + STEPS_EACH * cpis.length + extra);
  if (upload.kind === "url")
    yield* stage.step("Downloading remote stemcell", failDownload(upload.download, "stemcell"));
  const received = archiveOf(upload);
  if (sha1 !== null) yield* stage.step("Verifying remote stemcell", verify(received?.digests ?? {}, sha1));
  const archive = yield* stage.step("Extracting stemcell archive", extract(director, received));
  const manifest = yield* stage.step("Verifying stemcell manifest", readManifest(archive));
  const { name, version } = manifest;
  const work = uploadToClouds(director, stage, manifest, cpis, fix);
  yield* withLock(director, task, stemcellLock(name, version), { waitMs: 900_000 * cpis.length }, work);
  return `/stemcells/${name}/${version}`;
}

/** The number of steps: extract and verify, then check, upload and save for each cloud. */
const STEPS = 2;
const STEPS_EACH = 3;

const stemcellLock = (name: string, version: string): string => `lock:stemcells:${name}:${version}`;

/** Whether the stemcell is on every cloud. */
export const wasUploaded = (director: Director, name: string, version: string): boolean =>
  cpiNames(director).every((cpi) => director.slot.value.stemcellUploads.has(uploadKey(name, version, cpi)));

const uploadKey = (name: string, version: string, cpi: string): string => `${name}/${version}/${cpi}`;

/** @throws DirectorError 50008 if no cloud accepts any of its formats, CpiError */
function* uploadToClouds(
  director: Director,
  stage: Stage,
  manifest: StemcellManifest,
  cpis: readonly string[],
  fix: boolean,
): Body {
  const { name, version, formats } = manifest;
  const { stemcellFormats } = director.cpi;
  for (const cpi of cpis) director.slot.value.stemcellUploads.add(uploadKey(name, version, cpi));
  if (formats !== undefined && !formats.some((each) => stemcellFormats.includes(String(each))))
    throw new DirectorError(
      50008,
      `uploaded stemcell with formats ${inspect(formats)} are not supported by available cpi formats: ${inspect(stemcellFormats)}`,
    );
  for (const cpi of cpis) yield* uploadToCloud(director, stage, manifest, cpi, fix);
}

/** @throws CpiError */
function* uploadToCloud(director: Director, stage: Stage, manifest: StemcellManifest, cpi: string, fix: boolean): Body {
  const { name, version } = manifest;
  const known = director.slot.value.stemcells.find(
    (each) => each.name === name && each.version === version && each.cpi === cpi,
  );
  const whose = cpi === "" ? "" : ` (cpi: ${cpi})`;
  yield* stage.step(`Checking if this stemcell already exists${whose}`, pause(0));
  const skipped = known !== undefined && !fix;
  const suffix = `${whose}${skipped ? " (already exists, skipped)" : ""}`;
  const cid = yield* stage.step(
    `Uploading stemcell ${name}/${version} to the cloud${suffix}`,
    skipped ? keepCid(known.cid) : director.cpi.createStemcell(name, version, manifest.cloudProperties, manifest.image),
  );
  yield* stage.step(`Save stemcell ${name}/${version} (${cid})${suffix}`, pause(0));
  if (known !== undefined) known.cid = cid;
  else saveStemcell(director, manifest, cpi, cid);
}

function* keepCid(cid: string): Body<string> {
  return cid;
}

function saveStemcell(director: Director, manifest: StemcellManifest, cpi: string, cid: string): void {
  const state = director.slot.value;
  const { name, version, operatingSystem, apiVersion } = manifest;
  const stemcell: Stemcell = { id: ++state.stemcellIds, name, version, operatingSystem, apiVersion, cpi, cid };
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
  const models = state.stemcells.filter((each) => each.name === name && each.version === version);
  const [first] = models;
  if (first === undefined) throw new DirectorError(50003, `Stemcell '${name}/${version}' doesn't exist`);
  const users = stemcellUsers(director, first);
  if (users.length > 0)
    throw new DirectorError(50004, `Stemcell '${name}/${version}' is still in use by: ${[...users].sort().join(", ")}`);
  for (const stemcell of models) {
    yield* director.cpi.deleteStemcell(stemcell.cid);
    state.stemcells.splice(state.stemcells.indexOf(stemcell), 1);
    state.stemcellUploads.delete(uploadKey(name, version, stemcell.cpi));
  }
  director.kernel.record("bosh", "stemcell.delete", `${name}/${version}`);
}
