import { hash } from "node:crypto";
import type { BlobMember, ReleaseJob, ReleasePackage, ReleaseVersion } from "../state/artifacts.ts";
import { dumpYaml } from "../templates/yaml-dump.ts";
import { packMembers } from "./blobs.ts";

/*
 * The tarball of a compiled release, as a director exports it and accepts it again. A compiled package holds its name instead of a compiler's output; each job is complete.
 */

/** @param target `os/version` of the stemcell */
export function packCompiled(
  release: ReleaseVersion,
  jobs: readonly ReleaseJob[],
  packages: readonly ReleasePackage[],
  target: string,
): readonly BlobMember[] {
  const jobFiles = jobs.map((job) => ({ job, file: packMembers(jobMembers(job)) }));
  const packageFiles = packages.map((each) => ({ each, file: packMembers(packageMembers(each, target)) }));
  const manifest = {
    compiled_packages: packageFiles.map(({ each, file }) => ({
      name: each.name,
      version: each.version,
      fingerprint: each.fingerprint,
      sha1: hash("sha1", file, "hex"),
      stemcell: target,
      dependencies: each.dependencies,
    })),
    jobs: jobFiles.map(({ job: { name, version, fingerprint }, file }) => ({
      name,
      version,
      fingerprint,
      sha1: hash("sha1", file, "hex"),
    })),
    commit_hash: release.commitHash,
    uncommitted_changes: release.uncommittedChanges,
    name: release.name,
    version: release.version,
  };
  return [
    { name: "./", text: null },
    { name: "./release.MF", text: dumpYaml(manifest) },
    { name: "./jobs/", text: null },
    ...jobFiles.map(({ job, file }) => archiveMember(`./jobs/${job.name}.tgz`, file)),
    { name: "./compiled_packages/", text: null },
    ...packageFiles.map(({ each, file }) => archiveMember(`./compiled_packages/${each.name}.tgz`, file)),
  ];
}

const archiveMember = (name: string, file: Buffer): BlobMember => ({
  name,
  text: file.toString("base64"),
  encoding: "base64",
});

function jobMembers({
  name,
  packages,
  properties,
  templates,
  monit,
  consumes,
  provides,
}: ReleaseJob): readonly BlobMember[] {
  const defaults = Object.entries(properties).map(([key, value]) => [key, value === null ? {} : { default: value }]);
  const manifest = {
    name,
    templates: Object.fromEntries(templates.map(({ source, target }) => [source, target])),
    packages,
    consumes,
    provides,
    properties: Object.fromEntries(defaults),
  };
  return [
    { name: "./", text: null },
    { name: "./job.MF", text: dumpYaml(manifest) },
    { name: "./monit", text: monit },
    { name: "./templates/", text: null },
    ...templates.map(({ source, text }) => ({ name: `./templates/${source}`, text })),
  ];
}

const packageMembers = ({ name, fingerprint }: ReleasePackage, target: string): readonly BlobMember[] => [
  { name: "./", text: null },
  { name: `./${name}`, text: `${name}/${fingerprint} for ${target}\n` },
];
