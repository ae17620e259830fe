import type { TaskArguments } from "../tasks/jobs.ts";
import type { Body } from "../../kernel/index.ts";
import { deleteOrphanVms } from "../instances/delete-vm.ts";
import type { ReleaseVersion, Stemcell } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import type { OrphanDisk } from "../state/orphans.ts";
import type { Task } from "../state/tasks.ts";
import { Stage } from "../tasks/stage.ts";
import { deleteVersions, releaseUsers } from "./delete-release.ts";
import { stemcellUsers } from "./stemcells.ts";

/** Deletes a disk and its record as an orphan. @throws CpiError */
export function* deleteOrphanDisk(director: Director, cid: string): Body {
  yield* director.cpi.deleteDisk(cid);
  director.slot.value.orphanDisks.delete(cid);
  director.kernel.record("bosh", "disk.delete", cid);
}

/** `delete orphan disks`; an unknown disk is no error. */
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

interface Removable {
  readonly releases: ReadonlyMap<string, readonly ReleaseVersion[]>;
  readonly stemcells: readonly Stemcell[];
  readonly disks: readonly OrphanDisk[];
}

/** What a clean-up would delete: with `all`, everything unused; else all unused versions but the two newest of each. */
export function findRemovable(director: Director, all: boolean, keepDisks: boolean): Removable {
  const state = director.slot.value;
  const kept = all ? 0 : UNUSED_KEPT;
  const drop = <T>(list: readonly T[]): readonly T[] => list.slice(0, Math.max(0, list.length - kept));
  const releases = [...state.releases].map(([name, versions]) => {
    const unused = versions.filter(({ version }) => releaseUsers(director, name, version).length === 0);
    return [name, drop(unused)] as const;
  });
  const names = [...new Set(state.stemcells.map(({ name }) => name))];
  const stemcells = names.flatMap((name) =>
    drop(state.stemcells.filter((each) => each.name === name && stemcellUsers(director, each).length === 0)),
  );
  return {
    releases: new Map(releases.filter(([, versions]) => versions.length > 0)),
    stemcells,
    disks: keepDisks ? [] : [...state.orphanDisks.values()],
  };
}

/** `clean up`. */
export function* cleanUp(director: Director, task: Task, args: TaskArguments["cleanup"]): Body<string> {
  const vms = yield* deleteOrphanVms(director, task);
  const { releases, stemcells, disks } = findRemovable(director, args.all, args.keepOrphanedDisks);
  let deletedVersions = 0;
  const all = [...releases].flatMap(([name, versions]) => versions.map((each) => ({ name, each })));
  const dropping = new Stage(director, task, "Deleting releases", all.length);
  for (const { name, each } of all) {
    yield* dropping.step(`${name}/${each.version}`, deleteVersions(director, task, name, [each], false));
    deletedVersions++;
  }
  yield* deleteUnusedStemcells(director, task, stemcells);
  const stage = new Stage(director, task, "Deleting orphaned disks", disks.length);
  for (const { cid } of disks) yield* stage.step(`Deleting orphaned disk ${cid}`, deleteOrphanDisk(director, cid));
  new Stage(director, task, "Deleting dns blobs", 1).begin("DNS blobs").finish();
  const state = director.slot.value;
  const blobs = args.all ? state.dnsBlobs.length : 0;
  if (args.all) state.dnsBlobs = [];
  return `Deleted ${deletedVersions} release(s), ${stemcells.length} stemcell(s), 0 extra compiled package(s), ${disks.length} orphaned disk(s), ${vms} orphaned vm(s), 0 exported release(s), and ${blobs} dns blob(s)`;
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
