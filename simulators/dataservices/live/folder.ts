import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/*
 * Everything that a live plane writes to disk is in its own folder, `drydock-data-<pid>-…`. A process that
 * ends without closing its plane, even by kill -9, leaves nothing behind: a watchdog holds the other end of a
 * pipe, and when the pipe breaks it ends the servers of the folder and removes it. Anything that outlives
 * even the watchdog (in a frozen container) is swept at the next start.
 */
const PREFIX = "drydock-data-";

/** The file in a node's folder that holds its process id; PostgreSQL's has a name of its own. */
export const PID_FILE = "server.pid";

/** Ends the servers under folder $1, found by their pid files and checked by their command lines, then, unless $2 is `keep`, removes it. */
const WATCHDOG = `
cat > /dev/null
for file in "$1"/data-*/*.pid; do
  [ -f "$file" ] || continue
  pid=$(head -n 1 "$file")
  # PostgreSQL takes QUIT for an immediate shutdown, which ends its children as well.
  case "$file" in */postmaster.pid) signal=QUIT ;; *) signal=KILL ;; esac
  { tr '\\0' ' ' < "/proc/$pid/cmdline" 2> /dev/null || ps -o args= -p "$pid"; } | grep -qF "$1" && kill -$signal "$pid"
done
[ "$2" = keep ] && exit
sleep 0.3
rm -rf "$1"
`;

/** The folder of one live plane. */
export interface RunFolder {
  readonly path: string;
  /** Lets the watchdog remove the folder; resolves when it is gone. */
  close(): Promise<void>;
}

/**
 * Creates the folder and its watchdog, after sweeping what dead processes left.
 *
 * @param purpose a part of its name, for human readers. Default: none
 */
export async function createRunFolder(purpose?: string): Promise<RunFolder> {
  await sweep();
  const name = purpose === undefined ? "" : `${purpose}-`;
  const path = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-${name}`));
  // The server's user may pass through; it owns only the folders below.
  await chmod(path, 0o711);
  const endWatch = watch(path, "remove");
  return {
    path,
    close: async () => {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
      endWatch();
    },
  };
}

/** Starts a watchdog. The function returned lets it act; so does the end of this process. */
function watch(path: string, then: "keep" | "remove"): () => void {
  const watchdog = spawn("sh", ["-c", WATCHDOG, "drydock-watchdog", path, then], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watchdog.unref();
  watchdog.stdin.on("error", () => {});
  if ("unref" in watchdog.stdin && typeof watchdog.stdin.unref === "function") watchdog.stdin.unref();
  return () => void watchdog.stdin.end();
}

/** How long a server of a dead process may take to end, in ms. */
const END_MS_MAX = 10_000;
const LOOK_MS = 20;

/** Opens a folder that outlives this process, after ending the servers that a dead one left running in it; a watchdog ends those of this process. */
export async function openKeptFolder(path: string): Promise<RunFolder> {
  await mkdir(path, { recursive: true, mode: 0o711 });
  await endKeptServers(path);
  const endWatch = watch(path, "keep");
  return { path, close: async () => endWatch() };
}

/** Ends every server that a dead process left under a folder, and waits until none is left. */
export async function endKeptServers(path: string): Promise<void> {
  if (!existsSync(path)) return;
  for (const data of await readdir(path))
    for (const [name, signal] of [
      ["postmaster.pid", "SIGQUIT"],
      [PID_FILE, "SIGKILL"],
    ] as const) {
      const pid = await endServer(path, join(path, data, name), signal);
      for (let waited = 0; pid !== undefined && isAlive(pid) && waited < END_MS_MAX; waited += LOOK_MS)
        await sleep(LOOK_MS);
    }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
};

/** Removes what dead processes of this user left: their servers, then their folders. */
export async function sweep(): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const name of (await readdir(tmpdir())).filter((each) => each.startsWith(PREFIX))) {
    const path = join(tmpdir(), name);
    const pid = Number(name.slice(PREFIX.length).split("-")[0]);
    const owner = await stat(path).catch(() => undefined);
    if (!Number.isInteger(pid) || isAlive(pid) || owner === undefined || owner.uid !== process.getuid?.()) continue;
    for (const data of await readdir(path).catch(() => [])) {
      await endServer(path, join(path, data, "postmaster.pid"), "SIGQUIT");
      await endServer(path, join(path, data, PID_FILE), "SIGKILL");
    }
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
    swept.push(name);
  }
  return swept;
}

/** Signals the server of a pid file; returns its id, undefined where there is none. */
async function endServer(folder: string, pidFile: string, signal: "SIGQUIT" | "SIGKILL"): Promise<number | undefined> {
  const pid = Number((await readFile(pidFile, "utf8").catch(() => "")).split("\n")[0]);
  // The pid may belong to a different process by now: ours has the folder in its command line.
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid) || !(await commandOf(pid)).includes(folder)) return undefined;
  process.kill(pid, signal);
  return pid;
}

async function commandOf(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    try {
      return execFileSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" });
    } catch {
      return "";
    }
  }
}
