import type { Body } from "../../kernel/index.ts";
import { readTexts } from "../../kernel/index.ts";
import { asFields, type Fields, indexField, isHash, readHashes } from "../configs/fields.ts";
import type { LinkDefinition, ReleaseJob } from "../state/artifacts.ts";
import { Stage } from "../tasks/stage.ts";
import { isTruthy, rubyInstance, toRubyText } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import type { JobArchive } from "./archive.ts";
import type { PartSpec } from "./release-manifest.ts";
import type { ReleaseUpload } from "./releases.ts";

/*
 * The jobs of an upload (update_release.rb and release_job.rb in bosh-director).
 */

/** How long each step takes. */
const STEP_MS = 50;

/** @throws DirectorError 30013, and those of a job's archive */
export function* processJobs(upload: ReleaseUpload): Body {
  const { director, task, manifest, version, versions } = upload;
  const choices = manifest.jobs.map((spec) => {
    if (version.jobs.some((each) => each.name === spec.name && each.fingerprint !== spec.fingerprint))
      throw new DirectorError(
        30013,
        `job '${spec.name}' had different fingerprint in previously uploaded release '${manifest.name}/${version.version}'`,
      );
    return { spec, known: versions.flatMap(({ jobs }) => jobs).find((each) => isSame(each, spec)) };
  });
  const fresh = choices.filter(({ known }) => known === undefined);
  const stage = new Stage(director, task, "Creating new jobs", fresh.length);
  for (const { spec } of fresh) yield* stage.step(`${spec.name}/${spec.version}`, createJob(upload, spec));
  const existing = choices.flatMap(({ spec, known }) => (known === undefined ? [] : [{ spec, known }]));
  if (existing.length === 0) return;
  const label = `Processing ${existing.length} existing job${existing.length === 1 ? "" : "s"}`;
  const work = (function* (): Body {
    for (const { spec, known } of existing) useJob(upload, spec, known);
  })();
  yield* new Stage(director, task, label, 1).step(label, work);
}

const isSame = (job: ReleaseJob, spec: PartSpec): boolean =>
  job.name === spec.name && job.version === spec.version && job.fingerprint === spec.fingerprint;

/** Adopts a job of another version of the release into this one. */
function useJob(upload: ReleaseUpload, spec: PartSpec, known: ReleaseJob): void {
  const { version, versions } = upload;
  const job = upload.fix ? { ...readJob(upload, spec), id: known.id } : known;
  if (upload.fix)
    for (const each of versions) each.jobs = each.jobs.map((other) => (other.id === known.id ? job : other));
  if (!version.jobs.some(({ id }) => id === job.id)) version.jobs = [...version.jobs, job];
}

function* createJob(upload: ReleaseUpload, spec: PartSpec): Body {
  const { director, version } = upload;
  yield director.kernel.work(STEP_MS);
  const job = readJob(upload, spec);
  const twin = version.jobs.find((each) => isSame(each, spec));
  if (twin !== undefined)
    throw new DirectorError(
      UNCLASSED,
      `PG::UniqueViolation: ERROR:  duplicate key value violates unique constraint "release_versions_templates_release_version_id_template_id_index"\nDETAIL:  Key (release_version_id, template_id)=(${version.row}, ${twin.id}) already exists.\n`,
    );
  version.jobs = [...version.jobs, { ...job, id: ++director.slot.value.jobIds }];
}

/** @throws DirectorError 80000 to 80016 */
function readJob(
  { director, archive }: ReleaseUpload,
  { name, version, fingerprint, sha1 }: PartSpec,
): Omit<ReleaseJob, "id"> {
  const part = archive.jobs[name];
  if (part?.ok !== true)
    throw new DirectorError(
      80000,
      `Extracting job '${name}/${version}' archive failed. Check task debug log for details.`,
    );
  const manifest = requireManifest(name, part);
  checkParts(name, part, manifest);
  const properties = Object.entries(asFields(manifest.properties));
  const templates = Object.entries(asFields(manifest.templates));
  return {
    name,
    version,
    fingerprint,
    sha1,
    blobId: director.kernel.random("bosh/blobs").uuid(),
    packages: readTexts(manifest.packages),
    spec: manifest,
    properties: Object.fromEntries(properties.map(([key, spec]) => [key, asFields(spec).default ?? null])),
    templates: templates.map(([source, target]) => ({
      source,
      target: String(target),
      text: part.templates[source] ?? "",
    })),
    monit: part.monit ?? "",
    consumes: readLinks(manifest.consumes),
    provides: readLinks(manifest.provides),
  };
}

const readLinks = (value: unknown): readonly LinkDefinition[] =>
  readHashes(value).map((each) => ({ ...each, name: String(each.name), type: String(each.type) }));

/** @throws DirectorError 80001, 80016, or 100 in the words of Ruby */
function requireManifest(name: string, { manifest }: JobArchive): Fields {
  if (manifest === null) throw new DirectorError(80001, `Missing job manifest for '${name}'`);
  if (!manifest.ok) throw new DirectorError(UNCLASSED, manifest.error);
  const { value } = manifest;
  const given = indexField(value, "name");
  if (given !== name)
    throw new DirectorError(
      80016,
      `Inconsistent name for job '${name}'(exptected: '${name}', got: '${toRubyText(given)}')`,
    );
  return asFields(value);
}

/** @throws DirectorError 80002, 80004, 80005, 80008, 80012, 80013, 80014 */
function checkParts(name: string, part: JobArchive, manifest: Fields): void {
  if (isTruthy(manifest.templates) && !isHash(manifest.templates))
    throw new DirectorError(UNCLASSED, `undefined method 'each_key' for ${rubyInstance(manifest.templates)}`);
  for (const path of Object.keys(asFields(manifest.templates)))
    if (!Object.hasOwn(part.templates, path))
      throw new DirectorError(80002, `Missing template file '${path}' for job '${name}'`);
  if (part.monit === null && !part.hasOtherMonit) throw new DirectorError(80004, `Job '${name}' is missing monit file`);
  if (isTruthy(manifest.logs) && !isHash(manifest.logs))
    throw new DirectorError(80005, `Job '${name}' has invalid logs spec format`);
  if (isTruthy(manifest.properties) && !isHash(manifest.properties))
    throw new DirectorError(80008, `Job '${name}' has invalid properties spec format`);
  checkLinks(name, manifest.provides, "provides");
  checkLinks(name, manifest.consumes, "consumes");
  if (isTruthy(manifest.packages) && !Array.isArray(manifest.packages))
    throw new DirectorError(80012, "Job 'Bosh::Director::Models::Template' has invalid package spec format");
}

/** @throws DirectorError 80013, 80014 */
function checkLinks(job: string, value: unknown, side: "provides" | "consumes"): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value))
    throw new DirectorError(
      80013,
      `Job '${job}' has invalid spec format: '${side}' must be an array of hashes with name and type`,
    );
  const title = side === "provides" ? "Provides" : "Consumes";
  const seen = new Set<unknown>();
  for (const spec of value as readonly unknown[]) {
    if (!isHash(spec)) throw new DirectorError(80013, `${title} section in the release spec must be a list of hashes`);
    if (!Object.hasOwn(spec, "type") || !Object.hasOwn(spec, "name"))
      throw new DirectorError(
        80013,
        `Each ${side} item in the ${side} section of the release spec must contain 'name' and 'type'`,
      );
    const name = String(spec.name ?? "");
    if (side === "provides" && Object.hasOwn(spec, "optional"))
      throw new DirectorError(
        80013,
        `Link '${name}' of type '${String(spec.type ?? "")}' is a provides link, not allowed to have 'optional' key`,
      );
    if (seen.has(name))
      throw new DirectorError(80014, `Job '${job}' specifies duplicate ${side} link with name '${name}'`);
    seen.add(name);
  }
}
