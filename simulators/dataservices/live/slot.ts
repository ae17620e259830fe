import { execFile as run } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { LiveNode } from "./engine.ts";

const execFile = promisify(run);

/** The node of one disk, running or not. */
export interface Slot {
  readonly disk: string;
  readonly data: string;
  hasData: boolean;
  node: LiveNode | undefined;
  isStarting: boolean;
  /** The number of its current users: connections, and work of the agent. It does not stop while it has any. */
  users: number;
  usedAt: number;
  /** The work on the node so far: each piece waits for the one before it. */
  work: Promise<unknown>;
  idle: NodeJS.Timeout | undefined;
}

/** A use of a node; once all are released, it may stop. */
export interface Lease {
  readonly node: LiveNode;
  release(): void;
}

/** The slot of a new disk; `data` is its folder, which does not exist yet. */
export function emptySlot(disk: string, data: string): Slot {
  const idle = { node: undefined, isStarting: false, users: 0, usedAt: 0, work: Promise.resolve(), idle: undefined };
  return { disk, data, hasData: false, ...idle };
}

/** Copies a disk's data, and what an engine keeps beside it. */
export async function copyFiles(from: string, to: string): Promise<void> {
  // `-a` keeps the owner: the files belong to the server's own user.
  for (const each of [from, ...(await besides(from))])
    await execFile("cp", ["-a", each, `${to}${each.slice(from.length)}`]);
}

/** Removes a disk's data, and what an engine keeps beside it. */
export async function removeFiles(data: string): Promise<void> {
  for (const each of [data, ...(await besides(data))]) await rm(each, { recursive: true, force: true });
}

/** The folders of a node beside its data: those whose names continue with a dot. */
async function besides(data: string): Promise<readonly string[]> {
  const folder = dirname(data);
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.startsWith(`${basename(data)}.`)).map((name) => join(folder, name));
}

/** Work that is done only the first time. */
export function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}
