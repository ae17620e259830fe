import type { Body } from "../kernel/index.ts";
import { releaseUsers } from "./artifacts/releases.ts";
import { stemcellUsers } from "./artifacts/stemcells.ts";
import type { Director } from "./director.ts";
import type { Task } from "./state.ts";
import { Stage } from "./tasks.ts";

function* deleteOrphan(director: Director, cid: string): Body {
  yield* director.cpi.deleteDisk(cid);
  director.slot.value.orphanDisks.delete(cid);
  director.kernel.record("bosh", "disk.delete", cid);
}

/** `delete orphan disks`; a disk that nobody knows is no error. */
export function* deleteOrphanDisks(
  director: Director,
  task: Task,
  args: Readonly<Record<string, unknown>>,
): Body<string> {
  const cids = args.cids as readonly string[];
  const stage = new Stage(director, task, "Deleting orphaned disks", cids.length);
  for (const cid of cids) yield* stage.step(`Deleting orphaned disk ${cid}`, deleteOrphan(director, cid));
  return `orphaned disk(s) ${cids.join(", ")} deleted`;
}

/** `clean up`: with `all`, every release and stemcell that nothing uses; orphaned disks unless told to keep them. */
export function* cleanUp(director: Director, task: Task, args: Readonly<Record<string, unknown>>): Body<string> {
  const releases = args.all === true ? yield* deleteUnusedReleases(director, task) : 0;
  const stemcells = args.all === true ? yield* deleteUnusedStemcells(director, task) : 0;
  const cids = args.keepOrphanedDisks === true ? [] : [...director.slot.value.orphanDisks.keys()];
  const stage = new Stage(director, task, "Deleting orphaned disks", cids.length);
  for (const cid of cids) yield* stage.step(cid, deleteOrphan(director, cid));
  return `Deleted ${releases} release(s), ${stemcells} stemcell(s), 0 extra compiled package(s), ${cids.length} orphaned disk(s), 0 orphaned vm(s), 0 exported release(s), 0 dns blob(s)`;
}

function* deleteUnusedReleases(director: Director, task: Task): Body<number> {
  const { releases } = director.slot.value;
  const unused = [...releases].flatMap(([name, versions]) =>
    versions.filter(({ version }) => releaseUsers(director, name, version).length === 0),
  );
  const stage = new Stage(director, task, "Deleting releases", unused.length);
  for (const { name, version } of unused) {
    stage.begin(`${name}/${version}`).finish();
    const left = (releases.get(name) ?? []).filter((each) => each.version !== version);
    if (left.length === 0) releases.delete(name);
    else releases.set(name, left);
    director.kernel.record("bosh", "release.delete", `${name}/${version}`);
  }
  return unused.length;
}

function* deleteUnusedStemcells(director: Director, task: Task): Body<number> {
  const { stemcells } = director.slot.value;
  const unused = stemcells.filter((each) => stemcellUsers(director, each).length === 0);
  const stage = new Stage(director, task, "Deleting stemcells", unused.length);
  for (const stemcell of unused) {
    yield* stage.step(`${stemcell.name}/${stemcell.version}`, director.cpi.deleteStemcell(stemcell.cid));
    stemcells.splice(stemcells.indexOf(stemcell), 1);
    director.kernel.record("bosh", "stemcell.delete", `${stemcell.name}/${stemcell.version}`);
  }
  return unused.length;
}
