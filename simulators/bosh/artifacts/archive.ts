import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { parse } from "yaml";

/** What is kept of an uploaded archive: small members whole, of large ones size and SHA-1. Plain data. */
export interface Archive {
  readonly ok: true;
  readonly bytes: number;
  readonly members: Readonly<Record<string, { readonly bytes: number; readonly sha1: string }>>;
  /** Parsed manifests: stemcell.MF, release.MF, and job.MF of each job archive by the job's name. */
  readonly manifest: Readonly<Record<string, unknown>> | null;
  readonly jobs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface BrokenArchive {
  readonly ok: false;
  readonly reason: string;
}

const MANIFEST_BYTES_MAX = 1024 * 1024;
const JOB_BYTES_MAX = 8 * 1024 * 1024;

async function readSmall(stream: Readable, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    if (bytes > bytesMax) throw new Error(`a member of over ${bytesMax} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** Walks a gzipped tar as it streams by; memory stays flat whatever its size. */
async function walk(stream: Readable, visit: (name: string, member: Readable) => Promise<void>): Promise<void> {
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

async function jobManifest(content: Buffer): Promise<Readonly<Record<string, unknown>>> {
  const { Readable: Source } = await import("node:stream");
  let manifest: Readonly<Record<string, unknown>> = {};
  await walk(Source.from([content]), async (name, member) => {
    if (name === "job.MF")
      manifest = (parse((await readSmall(member, MANIFEST_BYTES_MAX)).toString("utf8")) ?? {}) as typeof manifest;
    else member.resume();
  });
  return manifest;
}

/** Reads a stemcell or release tarball from the wire. A broken one is no error here: the task that uses it fails. */
export async function receiveArchive(stream: Readable): Promise<Archive | BrokenArchive> {
  const members: Record<string, { bytes: number; sha1: string }> = {};
  const jobs: Record<string, Readonly<Record<string, unknown>>> = {};
  let manifest: Archive["manifest"] = null;
  let total = 0;
  try {
    await walk(stream, async (name, member) => {
      const hash = createHash("sha1");
      let bytes = 0;
      const count = (chunk: Buffer): void => {
        hash.update(chunk);
        bytes += chunk.length;
      };
      if (name === "stemcell.MF" || name === "release.MF") {
        const content = await readSmall(member, MANIFEST_BYTES_MAX);
        count(content);
        manifest = (parse(content.toString("utf8")) ?? {}) as Archive["manifest"];
      } else if (/^jobs\/[^/]+\.tgz$/.test(name)) {
        const content = await readSmall(member, JOB_BYTES_MAX);
        count(content);
        jobs[name.slice("jobs/".length, -".tgz".length)] = await jobManifest(content);
      } else for await (const chunk of member) count(chunk as Buffer);
      members[name] = { bytes, sha1: hash.digest("hex") };
      total += bytes;
    });
  } catch (error) {
    stream.resume();
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
  return { ok: true, bytes: total, members, manifest, jobs };
}
