import { Readable } from "node:stream";
import { receiveArchive } from "../artifacts/archive.ts";
import { packMembers } from "../artifacts/blobs.ts";

const archiveOf = (files: Readonly<Record<string, string | Buffer>>): Buffer =>
  packMembers(
    Object.entries(files).map(([name, content]) => ({
      name,
      text: Buffer.from(content).toString("base64"),
      encoding: "base64",
    })),
  );

/** A release archive as an upload is received, with this for its release.MF; it holds one job `j` and one package `p`. For tests. */
export function releaseArchive(manifest: unknown): ReturnType<typeof receiveArchive> {
  const job = archiveOf({ "job.MF": "name: j\ntemplates: {}\npackages: [p]\nproperties: {}\n", monit: "" });
  const files = {
    "release.MF": JSON.stringify(manifest),
    "jobs/j.tgz": job,
    "packages/p.tgz": archiveOf({ packaging: "true\n" }),
  };
  return receiveArchive(Readable.from([archiveOf(files)]));
}
