import type { TaskArguments } from "../tasks/jobs.ts";
import type { Body } from "../../kernel/index.ts";
import { lineOf } from "../deploy/package-validator.ts";
import { deleteOrphanVms } from "../instances/delete-vm.ts";
import type { ReleasePackage, ReleaseVersion, Stemcell } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import type { OrphanDisk } from "../state/orphans.ts";
import type { Task } from "../state/tasks.ts";
import { Stage } from "../tasks/stage.ts";
import { deleteVersions, releaseUsers } from "./delete-release.ts";
import { stemcellUsers } from "./stemcells.ts";
import { compareVersions } from "./versions.ts";

/** Deletes a disk and its record as an orphan. @throws CpiError */
export function* deleteOrphanDisk(director: Director, cid: string): Body {
  yield* director.cpi.deleteDisk(cid);
  director.slot.value.orphanDisks.delete(cid);
  director.kernel.record("bosh", "disk.delete", cid);
}

/** `delete orphan disks`; an unknown disk is not an error. */
export function* deleteOrphanDisks(
  director: Director,
  task: Task,
  args: TaskArguments["delete_orphan_disks"],
): Body<string> {
  const { cids } = args;
  const stage = new Stage(director, task, "Deleting orphaned disks", cids.length);
  for (const cid of cids) yield* stage.step(`Deleting orphaned disk ${cid}`, deleteOrphanDisk(director, cid));
  return `orphaned disk(s) ${cids.join(", ")} deleted`;
}

const UNUSED_KEPT = 2;

/** Limits of age and number for blobs of DNS records, unless all are deleted. */
const DNS_BLOB_MS = 3_600_000;
const DNS_BLOBS_KEPT = 10;

/** A compiled package of a release. */
interface Compiled {
  readonly release: ReleaseVersion;
  readonly each: ReleasePackage;
  readonly os: string;
  readonly version: string;
}

interface Removable {
  readonly releases: ReadonlyMap<string, readonly ReleaseVersion[]>;
  readonly stemcells: readonly Stemcell[];
  /** Those that no stemcell can use any more. */
  readonly compiled: readonly Compiled[];
  readonly disks: readonly OrphanDisk[];
  readonly exported: readonly string[];
  readonly dnsBlobs: readonly string[];
}

/**
 * The versions that a clean-up would delete: with `all`, everything unused; otherwise all unused versions
 * except the two newest of each.
 */
export function findRemovable(director: Director, all: boolean, keepDisks: boolean): Removable {
  const state = director.slot.value;
  const kept = all ? 0 : UNUSED_KEPT;
  const drop = <T>(list: readonly T[]): readonly T[] => list.slice(0, Math.max(0, list.length - kept));
  const releases = [...state.releases].map(([name, versions]) => {
    const sorted = versions.toSorted((a, b) => compareVersions(a.version, b.version));
    const unused = sorted.filter(({ version }) => releaseUsers(director, name, version).length === 0);
    return [name, drop(unused)] as const;
  });
  const names = [...new Set(state.stemcells.map(({ name }) => name))];
  const stemcells = names.flatMap((name) =>
    drop(state.stemcells.filter((each) => each.name === name && stemcellUsers(director, each).length === 0)),
  );
  const left = state.stemcells.filter((each) => !stemcells.includes(each));
  return {
    releases: new Map(releases.filter(([, versions]) => versions.length > 0)),
    stemcells,
    compiled: all ? compiledOf(director).filter((each) => !left.some((stemcell) => isTaken(each, stemcell))) : [],
    disks: keepDisks || !all ? [] : [...state.orphanDisks.values()],
    exported: state.exportedReleases,
    dnsBlobs: oldDnsBlobs(director, all),
  };
}

/** All compiled packages, each once however many versions share it. */
function compiledOf(director: Director): readonly Compiled[] {
  const found = new Map<string, Compiled>();
  for (const release of [...director.slot.value.releases.values()].flat())
    for (const key of release.compiled.keys()) {
      const [fingerprint, target = ""] = key.split(":");
      const each = release.packages.find((candidate) => candidate.fingerprint === fingerprint);
      const at = target.lastIndexOf("/");
      if (each !== undefined && !found.has(`${each.id}:${target}`))
        found.set(`${each.id}:${target}`, { release, each, os: target.slice(0, at), version: target.slice(at + 1) });
    }
  return [...found.values()];
}

const isTaken = ({ os, version }: Compiled, stemcell: Stemcell): boolean =>
  stemcell.operatingSystem === os && lineOf(stemcell.version) === lineOf(version);

/** The oldest ones beyond the number to keep. */
function oldDnsBlobs({ slot, kernel }: Director, all: boolean): readonly string[] {
  const { dnsBlobs, deployments } = slot.value;
  const kept = all ? Math.min(1, deployments.size) : DNS_BLOBS_KEPT;
  const old = dnsBlobs.filter(({ createdMs }) => createdMs < kernel.nowMs - (all ? 0 : DNS_BLOB_MS));
  return old.slice(0, Math.max(0, dnsBlobs.length - kept)).map(({ id }) => id);
}

/** `clean up`. */
export function* cleanUp(director: Director, task: Task, args: TaskArguments["cleanup"]): Body<string> {
  const vms = yield* deleteOrphanVms(director, task);
  const removable = findRemovable(director, args.all, args.keepOrphanedDisks);
  const { stemcells, disks, exported, dnsBlobs } = removable;
  const all = [...removable.releases].flatMap(([name, versions]) => versions.map((each) => ({ name, each })));
  const dropping = new Stage(director, task, "Deleting releases", all.length);
  for (const { name, each } of all)
    yield* dropping.step(`${name}/${each.version}`, deleteVersions(director, task, name, [each], false));
  yield* deleteUnusedStemcells(director, task, stemcells);
  const compiled = deleteCompiled(director, task, removable.compiled);
  const stage = new Stage(director, task, "Deleting orphaned disks", disks.length);
  for (const { cid } of disks) yield* stage.step(cid, deleteOrphanDisk(director, cid));
  deleteExported(director, task, exported);
  new Stage(director, task, "Deleting dns blobs", 1).begin("DNS blobs").finish();
  const state = director.slot.value;
  state.dnsBlobs = state.dnsBlobs.filter(({ id }) => !dnsBlobs.includes(id));
  const cutoff = new Date(director.kernel.nowMs - (args.all ? 0 : DNS_BLOB_MS)).toISOString();
  return `Deleted ${all.length} release(s), ${stemcells.length} stemcell(s), ${compiled} extra compiled package(s), ${disks.length} orphaned disk(s), ${vms} orphaned vm(s), ${exported.length} exported release(s), Deleted ${dnsBlobs.length} dns blob(s) created before ${cutoff.replace("T", " ").replace(/\..*/, " UTC")}`;
}

/** Deletes the remaining ones; those of deleted releases are already gone. */
function deleteCompiled(director: Director, task: Task, compiled: readonly Compiled[]): number {
  const { releases } = director.slot.value;
  const left = compiled.filter(({ release }) => releases.get(release.name)?.includes(release));
  const stage = new Stage(director, task, "Deleting compiled packages", left.length);
  for (const { release, each, os, version } of left) {
    stage.begin(`${each.name} for ${os}/${version}`).finish();
    for (const other of releases.get(release.name) ?? []) other.compiled.delete(`${each.fingerprint}:${os}/${version}`);
  }
  return left.length;
}

function deleteExported(director: Director, task: Task, exported: readonly string[]): void {
  const state = director.slot.value;
  const stage = new Stage(director, task, "Deleting exported releases", exported.length);
  for (const id of exported) {
    stage.begin(id).finish();
    state.blobs.delete(id);
  }
  state.exportedReleases = [];
}

function* deleteUnusedStemcells(director: Director, task: Task, unused: readonly Stemcell[]): Body {
  const { stemcells } = director.slot.value;
  const stage = new Stage(director, task, "Deleting stemcells", unused.length);
  for (const stemcell of unused) {
    yield* stage.step(`${stemcell.name}/${stemcell.version}`, director.cpi.deleteStemcell(stemcell.cid));
    stemcells.splice(stemcells.indexOf(stemcell), 1);
    director.kernel.record("bosh", "stemcell.delete", `${stemcell.name}/${stemcell.version}`);
  }
}
