import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { writeYaml } from "./yaml.ts";

/** A job of a release: its properties with defaults, as in job.MF (bosh.io/docs/jobs). */
export interface JobSpec {
  readonly name: string;
  readonly properties: Readonly<Record<string, { readonly description: string; readonly default?: unknown }>>;
}

/** A release: its jobs, without packages. */
export interface ReleaseSpec {
  readonly name: string;
  readonly version: string;
  readonly jobs: readonly JobSpec[];
}

/** Archives enter a run's digest, so nothing in them may come from the clock. */
const MTIME = new Date(0);

type Tarball = Buffer<ArrayBuffer>;

async function tarball(files: Readonly<Record<string, string | Uint8Array>>): Promise<Tarball> {
  const archive = pack();
  for (const [name, content] of Object.entries(files))
    archive.entry({ name, mtime: MTIME, mode: 0o644 }, typeof content === "string" ? content : Buffer.from(content));
  archive.finalize();
  return gzipSync(await buffer(archive), { level: 1 });
}

const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");
const sha1 = (content: Uint8Array): string => createHash("sha1").update(content).digest("hex");

async function jobTarball(job: JobSpec): Promise<Tarball> {
  const manifest = {
    name: job.name,
    description: `${job.name} of the data-services platform`,
    templates: {},
    packages: [],
    properties: job.properties,
  };
  return tarball({ "./job.MF": writeYaml(manifest), "./monit": "" });
}

const tarballs = new WeakMap<ReleaseSpec, Promise<Tarball>>();

/** Packs a release: release.MF and one archive a job (bosh.io/docs/create-release). Every call gives the same bytes, which are made once. */
export function releaseTarball(release: ReleaseSpec): Promise<Tarball> {
  const known = tarballs.get(release) ?? packRelease(release);
  tarballs.set(release, known);
  return known;
}

async function packRelease(release: ReleaseSpec): Promise<Tarball> {
  const files: Record<string, Uint8Array> = {};
  const jobs = [];
  for (const job of release.jobs) {
    const content = await jobTarball(job);
    const fingerprint = sha256(Buffer.from(`${release.name}/${release.version}/${job.name}`));
    files[`./jobs/${job.name}.tgz`] = content;
    jobs.push({ name: job.name, version: fingerprint, fingerprint, sha1: `sha256:${sha256(content)}`, packages: [] });
  }
  const manifest = {
    name: release.name,
    version: release.version,
    commit_hash: "0000000",
    uncommitted_changes: false,
    jobs,
    packages: [],
  };
  return tarball({ "./release.MF": writeYaml(manifest), ...files });
}

/** Packs a tiny heavy stemcell for OpenStack: stemcell.MF and an image archive with a root.img (bosh.io/docs/stemcell). */
export async function stemcellTarball(name: string, version: string, operatingSystem: string): Promise<Tarball> {
  const image = await tarball({ "root.img": Buffer.alloc(1024, `${name}/${version}`) });
  const manifest = {
    name,
    version,
    bosh_protocol: "1",
    api_version: 3,
    sha1: sha1(image),
    operating_system: operatingSystem,
    stemcell_formats: ["openstack-qcow2"],
    cloud_properties: {
      name,
      version,
      infrastructure: "openstack",
      hypervisor: "kvm",
      disk: 5120,
      disk_format: "qcow2",
      container_format: "bare",
      os_type: "linux",
      os_distro: "ubuntu",
      architecture: "x86_64",
    },
  };
  return tarball({ "./stemcell.MF": writeYaml(manifest), "./image": image });
}
