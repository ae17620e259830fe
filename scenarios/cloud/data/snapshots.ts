import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { endKeptServers } from "../../../simulators/live/sockets.ts";
import { KeptCloudError } from "./errors.ts";
import { type CloudRecord, DataFolder, RECORD_FILE, SNAPSHOTS } from "./folder.ts";
import { claimBlockOf } from "./open.ts";

const run = promisify(execFile);

/** A saved state of a cloud, beside the cloud. */
export interface SavedCloud {
  readonly name: string;
  /** When it was saved, ms since the Unix epoch. */
  readonly savedMs: number;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/;
/** A copy in progress has a name that no snapshot can have. */
const DRAFT = ".draft";

/** The folder, if there is one. @throws KeptCloudError DATA_NOT_A_CLOUD */
function openFolder(path: string): DataFolder {
  if (!existsSync(path)) throw new KeptCloudError("DATA_NOT_A_CLOUD", `there is no folder ${path}`);
  return DataFolder.open(path);
}

/** The record of a cloud that was up. @throws KeptCloudError DATA_NOT_A_CLOUD */
function recordOf(folder: DataFolder): CloudRecord {
  const record = folder.read();
  if (record === undefined) throw new KeptCloudError("DATA_NOT_A_CLOUD", `${folder.path} holds no cloud`);
  return record;
}

/** Works on the folder of a cloud that is down, and keeps it down meanwhile. @throws KeptCloudError DATA_IN_USE */
async function whileDown<T>(folder: DataFolder, block: string | undefined, work: () => Promise<T>): Promise<T> {
  if (block === undefined) return work();
  const claimed = await claimBlockOf({ block, data: { path: folder.path } });
  try {
    await endKeptServers(folder.at("live"));
    return await work();
  } finally {
    claimed.release();
  }
}

/** `-a` keeps owners: the disks belong to the user of their servers. */
async function copyAll(names: readonly string[], from: string, to: string): Promise<void> {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true, mode: 0o711 });
  for (const name of names) await run("cp", ["-a", join(from, name), to]);
}

/** Saves the cloud in a folder, which is down, under a name. @throws KeptCloudError DATA_SNAPSHOT_NAME, DATA_NOT_A_CLOUD, DATA_IN_USE */
export async function saveSnapshot(path: string, name: string): Promise<void> {
  const folder = openFolder(path);
  const saved = folder.at(join(SNAPSHOTS, name));
  if (!NAME.test(name) || existsSync(saved))
    throw new KeptCloudError("DATA_SNAPSHOT_NAME", `"${name}" is not a valid name, or is taken`);
  await whileDown(folder, recordOf(folder).block, async () => {
    const draft = folder.at(join(SNAPSHOTS, DRAFT));
    await copyAll(folder.list(), folder.path, draft);
    renameSync(draft, saved);
  });
}

/**
 * Replaces the cloud in the folder, which is down, with a saved one.
 * @throws KeptCloudError DATA_NO_SNAPSHOT, DATA_IN_USE
 */
export async function restoreSnapshot(path: string, name: string): Promise<void> {
  const folder = openFolder(path);
  const saved = folder.at(join(SNAPSHOTS, name));
  if (!NAME.test(name) || !existsSync(saved)) throw new KeptCloudError("DATA_NO_SNAPSHOT", `"${name}"`);
  await whileDown(folder, folder.blockNow(), async () => {
    const draft = folder.at(join(SNAPSHOTS, DRAFT));
    const names = readdirSync(saved);
    await copyAll(names, saved, draft);
    folder.clear();
    // To whoever finds it like this, it is damaged, and a snapshot has to be brought back.
    writeFileSync(folder.at(RECORD_FILE), "{}", { mode: 0o600 });
    for (const each of names.filter((one) => one !== RECORD_FILE)) renameSync(join(draft, each), folder.at(each));
    renameSync(join(draft, RECORD_FILE), folder.at(RECORD_FILE));
    rmSync(draft, { recursive: true });
  });
}

/** The saved clouds of a folder, oldest first. @throws KeptCloudError DATA_NOT_A_CLOUD */
export function listSnapshots(path: string): readonly SavedCloud[] {
  const folder = openFolder(path);
  const place = folder.at(SNAPSHOTS);
  if (!existsSync(place)) return [];
  return readdirSync(place)
    .filter((name) => NAME.test(name))
    .map((name) => ({ name, savedMs: Math.round(statSync(join(place, name)).ctimeMs) }))
    .sort((a, b) => a.savedMs - b.savedMs);
}

/** Removes the cloud in a folder, which is down; saved clouds stay. @throws KeptCloudError DATA_NOT_A_CLOUD, DATA_IN_USE */
export async function clearData(path: string): Promise<void> {
  const folder = openFolder(path);
  await whileDown(folder, folder.blockNow(), async () => folder.clear());
}
