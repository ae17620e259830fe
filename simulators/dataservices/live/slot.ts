import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { LiveNode } from "./engine.ts";

/** The node of one disk, at work or not. */
export interface Slot {
  readonly disk: string;
  readonly data: string;
  hasData: boolean;
  node: LiveNode | undefined;
  isStarting: boolean;
  /** How many use it now: connections, and work of the agent. It does not stop while anyone does. */
  users: number;
  usedAt: number;
  /** The work on the node so far: each piece waits for the one before it. */
  work: Promise<unknown>;
  idle: NodeJS.Timeout | undefined;
}

/** The use of a node; once all are released it may stop. */
export interface Lease {
  readonly node: LiveNode;
  release(): void;
}

/** The folders of a node beside its data: those whose names go on with a dot. */
export async function besides(data: string): Promise<readonly string[]> {
  const folder = dirname(data);
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.startsWith(`${basename(data)}.`)).map((name) => join(folder, name));
}

/** Work that is done the first time only. */
export function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}
