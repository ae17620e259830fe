import { createHash } from "node:crypto";
import { PassThrough, type Readable } from "node:stream";
import { YamlError } from "../templates/yaml-errors.ts";
import { readYaml } from "../templates/yaml.ts";
import { readSmall, Tap, walkArchive } from "./tar.ts";

/** The parts of an uploaded archive that are kept: small members completely, the rest only by name. Plain data. */
export interface Archive extends Digested {
  readonly ok: true;
  readonly bytes: number;
  /** The names of its files. */
  readonly members: readonly string[];
  /** stemcell.MF or release.MF; null if there is none. */
  readonly manifest: ManifestFile | null;
  /** The image of a stemcell, if it is small. */
  readonly image: string | null;
  /** By the name of the job's archive within the release. */
  readonly jobs: Readonly<Record<string, JobArchive | BrokenPart>>;
  readonly packages: Readonly<Record<string, PackageArchive | BrokenPart>>;
  readonly compiledPackages: Readonly<Record<string, PackageArchive | BrokenPart>>;
}

/** The digests of an upload, by the algorithm. */
interface Digested {
  readonly digests: Readonly<Record<string, string>>;
}

/** A manifest within an archive: its value, or Ruby's reason why it can't be read. */
export type ManifestFile =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string };

/** A job of a release, which has its own archive within the release's. */
export interface JobArchive {
  readonly ok: true;
  /** job.MF; null if there is none. */
  readonly manifest: ManifestFile | null;
  /** Texts under templates/, by name. */
  readonly templates: Readonly<Record<string, string>>;
  /** The template of its processes; null if there is none. */
  readonly monit: string | null;
  readonly hasOtherMonit: boolean;
}

/** A package of a release, which has its own archive within the release's. */
export interface PackageArchive {
  readonly ok: true;
  readonly script: string;
  /** All of its files, base64 by path; empty if they are too large to keep. */
  readonly files: Readonly<Record<string, string>>;
}

/** An archive within an archive that can't be read. */
interface BrokenPart {
  readonly ok: false;
}

/** An upload that can't be read, and why. The task that uses it fails. */
export interface BrokenArchive extends Digested {
  readonly ok: false;
  readonly reason: string;
}

/** Whether a value is the result of `receiveArchive`. */
export const isArchive = (value: unknown): value is Archive | BrokenArchive =>
  typeof value === "object" && value !== null && "digests" in value;

const MANIFEST_BYTES_MAX = 1024 * 1024;
/** The size up to which the files of a package are kept. */
const PACKAGE_BYTES_MAX = 64 * 1024;
const IMAGE_BYTES_MAX = 4 * 1024;

/** Reads a manifest as the director loads it from a file. */
function readManifestFile(text: string, path: string): ManifestFile {
  try {
    return { ok: true, value: readYaml(text) ?? null };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return { ok: false, error: error.message.replace(/^\(<unknown>\)/, `(${path})`) };
  }
}

async function readJob(member: Readable): Promise<JobArchive> {
  let manifest: JobArchive["manifest"] = null;
  let monit: string | null = null;
  let hasOtherMonit = false;
  const templates: Record<string, string> = {};
  await walkArchive(member, async (name, part) => {
    const text = (await readSmall(part, MANIFEST_BYTES_MAX)).toString("utf8");
    if (name === "job.MF") manifest = readManifestFile(text, "/tmp/job.MF");
    else if (name === "monit") monit = text;
    else if (/^[^/]*\.monit$/.test(name)) hasOtherMonit = true;
    else if (name.startsWith("templates/")) templates[name.slice("templates/".length)] = text;
  });
  return { ok: true, manifest, templates, monit, hasOtherMonit };
}

/** The packaging script of a package, and its files if they are small; large ones stream through. */
async function readPackage(member: Readable): Promise<PackageArchive> {
  let script = "";
  let bytes = 0;
  const files: Record<string, string> = {};
  await walkArchive(member, async (name, part) => {
    const chunks: Buffer[] = [];
    for await (const chunk of part) {
      if (!Buffer.isBuffer(chunk)) throw new Error("a stream of something other than bytes");
      bytes += chunk.length;
      if (bytes <= PACKAGE_BYTES_MAX || name === "packaging") chunks.push(chunk);
    }
    const content = Buffer.concat(chunks);
    if (name === "packaging") script = content.toString("utf8");
    files[name] = content.toString("base64");
  });
  return { ok: true, script, files: bytes <= PACKAGE_BYTES_MAX ? files : {} };
}

/** Reads an archive within the archive. If it can't be read, the fault concerns whatever needs it. */
async function readPart<T>(member: Readable, read: (member: Readable) => Promise<T>): Promise<T | BrokenPart> {
  const copy = new PassThrough();
  member.once("error", (error) => copy.destroy(error));
  member.pipe(copy);
  try {
    return await read(copy);
  } catch {
    member.unpipe(copy);
    return { ok: false };
  } finally {
    // The rest must be consumed before the next member comes.
    for await (const _chunk of member);
  }
}

const ALGORITHMS = ["sha1", "sha256", "sha512"];

/** The name of a part, from a file name such as `jobs/web.tgz`. */
const partIn = (folder: string, path: string): string | undefined =>
  path.startsWith(`${folder}/`) && /^[^/]+\.tgz$/.test(path.slice(folder.length + 1))
    ? path.slice(folder.length + 1, -".tgz".length)
    : undefined;

/** The parts collected while an archive streams through. */
class Receiver {
  readonly members: string[] = [];
  readonly jobs: Record<string, Archive["jobs"][string]> = {};
  readonly packages: Record<string, Archive["packages"][string]> = {};
  readonly compiledPackages: Record<string, Archive["compiledPackages"][string]> = {};
  manifest: Archive["manifest"] = null;
  image: string | null = null;

  async visit(name: string, member: Readable): Promise<void> {
    this.members.push(name);
    const [job, source, compiled] = ["jobs", "packages", "compiled_packages"].map((folder) => partIn(folder, name));
    if (name === "stemcell.MF" || name === "release.MF")
      this.manifest = readManifestFile((await readSmall(member, MANIFEST_BYTES_MAX)).toString("utf8"), `/tmp/${name}`);
    else if (name === "image") await this.#readImage(member);
    else if (job !== undefined) this.jobs[job] = await readPart(member, readJob);
    else if (source !== undefined) this.packages[source] = await readPart(member, readPackage);
    else if (compiled !== undefined) this.compiledPackages[compiled] = await readPart(member, readPackage);
    else for await (const _chunk of member);
  }

  async #readImage(member: Readable): Promise<void> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of member) {
      if (!Buffer.isBuffer(chunk)) throw new Error("a stream of something other than bytes");
      bytes += chunk.length;
      if (bytes <= IMAGE_BYTES_MAX) chunks.push(chunk);
    }
    if (bytes <= IMAGE_BYTES_MAX) this.image = Buffer.concat(chunks).toString("utf8");
  }
}

/** Reads a stemcell or release tarball from the wire. A broken one is not an error here: the task that uses it fails. */
export async function receiveArchive(stream: Readable): Promise<Archive | BrokenArchive> {
  const hashes = ALGORITHMS.map((name) => createHash(name));
  let bytes = 0;
  const tap = new Tap((chunk) => {
    bytes += chunk.length;
    for (const hash of hashes) hash.update(chunk);
  });
  stream.once("error", (error) => tap.destroy(error));
  stream.pipe(tap);
  const receiver = new Receiver();
  let fault: string | undefined;
  try {
    await walkArchive(tap, (name, member) => receiver.visit(name, member));
  } catch (error) {
    fault = error instanceof Error ? error.message : String(error);
  }
  // Bytes after the archive, or after the fault, are still part of the upload.
  if (!tap.destroyed && !tap.readableEnded)
    for await (const _chunk of tap.resume().iterator({ destroyOnReturn: true }));
  const digests = Object.fromEntries(hashes.map((hash, at) => [ALGORITHMS[at] ?? "", hash.digest("hex")]));
  if (fault !== undefined) return { ok: false, reason: fault, digests };
  const { members, manifest, image, jobs, packages, compiledPackages } = receiver;
  return { ok: true, digests, bytes, members, manifest, image, jobs, packages, compiledPackages };
}
