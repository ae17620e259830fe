import { Readable } from "node:stream";
import { receiveArchive } from "../artifacts/archive.ts";
import { packMembers } from "../artifacts/blobs.ts";

/** Files as a gzipped tar. */
export const archiveOf = (files: Readonly<Record<string, string | Buffer>>): Buffer =>
  packMembers(
    Object.entries(files).map(([name, content]) => ({
      name,
      text: Buffer.from(content).toString("base64"),
      encoding: "base64",
    })),
  );

/** The parts of a release besides its manifest: one job `j` and one package `p`. An undefined part is missing. */
export interface ReleaseParts {
  readonly job?: unknown;
  readonly monit?: string | undefined;
  /** Bytes in place of the job's own archive. */
  readonly jobArchive?: string | undefined;
  readonly packageArchive?: string | undefined;
}

const PARTS: ReleaseParts = {
  job: { name: "j", templates: {}, packages: ["p"], properties: {} },
  monit: "",
};

/** A packed release with this release.MF. For tests. */
export function packRelease(manifest: unknown, parts: ReleaseParts = PARTS): Buffer {
  const { job, monit, jobArchive, packageArchive } = parts;
  const jobFiles = {
    ...(job !== undefined && { "job.MF": typeof job === "string" ? job : JSON.stringify(job) }),
    ...(monit !== undefined && { monit }),
  };
  return archiveOf({
    ...(manifest !== undefined && {
      "release.MF": typeof manifest === "string" ? manifest : JSON.stringify(manifest),
    }),
    "jobs/j.tgz": jobArchive ?? archiveOf(jobFiles),
    "packages/p.tgz": packageArchive ?? archiveOf({ packaging: "true\n" }),
  });
}

/** A release archive as received from an upload. For tests. */
export const releaseArchive = (manifest: unknown, parts?: ReleaseParts): ReturnType<typeof receiveArchive> =>
  receiveArchive(Readable.from([packRelease(manifest, parts)]));
