import { asFields } from "../configs/fields.ts";
import { createHash } from "node:crypto";
import { type Readable, Transform, type TransformCallback } from "node:stream";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { readYaml } from "../templates/yaml.ts";

/** What is kept of an uploaded archive: small members whole, size and SHA-1 of large ones. Plain data. */
export interface Archive {
  readonly ok: true;
  readonly bytes: number;
  readonly members: Readonly<Record<string, { readonly bytes: number; readonly sha1: string }>>;
  /** Parsed manifests: stemcell.MF, release.MF, and job.MF of each job archive by the job's name. */
  readonly manifest: Readonly<Record<string, unknown>> | null;
  readonly jobs: Readonly<Record<string, JobArchive>>;
  /** The packaging script of each source package, and its files. */
  readonly packaging: Readonly<Record<string, PackageArchive>>;
}

/** A package of a release, which has its own archive within the release's. */
export interface PackageArchive {
  readonly script: string;
  /** All of its files, base64 by path; none where they are too large to keep. */
  readonly files: Readonly<Record<string, string>>;
}

/** A job of a release, which has its own archive within the release's. */
export interface JobArchive {
  readonly manifest: Readonly<Record<string, unknown>>;
  /** Texts under templates/, by name. */
  readonly templates: Readonly<Record<string, string>>;
  readonly monit: string;
}

/** An upload that can't be read, and why. The task that uses it fails. */
export interface BrokenArchive {
  readonly ok: false;
  readonly reason: string;
}

/** Whether a value is the result of `receiveArchive`. */
export const isArchive = (value: unknown): value is Archive | BrokenArchive =>
  typeof value === "object" && value !== null && "ok" in value;

const MANIFEST_BYTES_MAX = 1024 * 1024;

async function readSmall(stream: Readable, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) throw new Error("a stream of something other than bytes");
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error(`a member of over ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Walks a gzipped tar while it streams through; memory stays flat whatever its size. */
async function walkArchive(stream: Readable, visit: (name: string, member: Readable) => Promise<void>): Promise<void> {
  const entries = extract();
  const unzip = createGunzip();
  const failed = new Promise<never>((_resolve, reject) => {
    for (const each of [stream, unzip]) each.once("error", reject);
  });
  stream.pipe(unzip).pipe(entries);
  const visited = (async () => {
    for await (const entry of entries)
      await visit(entry.header.name.replace(/^\.\//, ""), entry as unknown as Readable);
  })();
  await Promise.race([visited, failed]);
}

async function readJob(member: Readable): Promise<JobArchive> {
  let manifest: JobArchive["manifest"] = {};
  const templates: Record<string, string> = {};
  let monit = "";
  await walkArchive(member, async (name, part) => {
    const text = (await readSmall(part, MANIFEST_BYTES_MAX)).toString("utf8");
    if (name === "job.MF") manifest = asFields(readYaml(text));
    else if (name === "monit") monit = text;
    else if (name.startsWith("templates/")) templates[name.slice("templates/".length)] = text;
  });
  return { manifest, templates, monit };
}

/** What the files of a package may come to for them to be kept. */
const PACKAGE_BYTES_MAX = 64 * 1024;

/** The packaging script of a package, and its files where they are small; large ones stream through. */
async function readPackaging(member: Readable): Promise<PackageArchive> {
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
    if (name !== "" && !name.endsWith("/")) files[name] = content.toString("base64");
  });
  return { script, files: bytes <= PACKAGE_BYTES_MAX ? files : {} };
}

/** Counts and hashes what passes through. */
class Tally extends Transform {
  bytes = 0;
  readonly #hash = createHash("sha1");

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    done(null, chunk);
  }

  get sha1(): string {
    return this.#hash.digest("hex");
  }
}

const partName = (path: string): string => path.slice(path.indexOf("/") + 1, -".tgz".length);

/** Reads a stemcell or release tarball from the wire. A broken one is not an error here: the task that uses it fails. */
export async function receiveArchive(stream: Readable): Promise<Archive | BrokenArchive> {
  const members: Record<string, { bytes: number; sha1: string }> = {};
  const jobs: Record<string, JobArchive> = {};
  const packaging: Record<string, PackageArchive> = {};
  let manifest: Archive["manifest"] = null;
  try {
    await walkArchive(stream, async (name, member) => {
      const tally = new Tally();
      member.pipe(tally);
      if (name === "stemcell.MF" || name === "release.MF") {
        const text = (await readSmall(tally, MANIFEST_BYTES_MAX)).toString("utf8");
        manifest = asFields(readYaml(text));
      } else if (/^jobs\/[^/]+\.tgz$/.test(name)) jobs[partName(name)] = await readJob(tally);
      else if (/^packages\/[^/]+\.tgz$/.test(name)) packaging[partName(name)] = await readPackaging(tally);
      else for await (const _chunk of tally);
      members[name] = { bytes: tally.bytes, sha1: tally.sha1 };
    });
  } catch (error) {
    stream.resume();
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
  const bytes = Object.values(members).reduce((sum, each) => sum + each.bytes, 0);
  return { ok: true, bytes, members, manifest, jobs, packaging };
}
