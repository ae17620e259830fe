import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** How long killed processes may take to be gone, in ms. */
const GONE_MS_MAX = 10_000;
const POLL_MS = 10;

/**
 * Kills every process of a server and resolves when none is left. A postmaster that is killed leaves its children for a moment, each
 * in a process group of its own, and they may still write: they are found by the folder that all of them work in.
 *
 * @param folder the data folder, which is the working folder of them all
 * @throws Error if a process survives
 */
export async function killServer(postmaster: number, folder: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < GONE_MS_MAX; waitedMs += POLL_MS) {
    const left = await processesIn(folder, postmaster);
    if (left.length === 0) return;
    // The postmaster first, so that it starts no others.
    for (const pid of [...left].sort((a, b) => Number(b === postmaster) - Number(a === postmaster))) end(pid);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`a process of the server in ${folder} cannot be killed`);
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function processesIn(folder: string, postmaster: number): Promise<readonly number[]> {
  const entries = await readdir("/proc").catch(() => undefined);
  if (entries === undefined) return childrenOf(postmaster);
  const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await worksIn(pid, folder)) ? [pid] : [])));
  return found.flat();
}

async function worksIn(pid: number, folder: string): Promise<boolean> {
  const place = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  if (place !== folder) return false;
  // A zombie runs nothing; its parent has yet to reap it.
  const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z");
  return !/\) [ZX]/.test(state);
}

/** Without /proc: the server and its children, as `ps` shows them while the server lives. */
async function childrenOf(postmaster: number): Promise<readonly number[]> {
  const { stdout } = await run("ps", ["-axo", "pid=,ppid=,state="]);
  return stdout.split("\n").flatMap((line) => {
    const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
    return (pid === postmaster || parent === postmaster) && !/Z/.test(line) ? [pid] : [];
  });
}
