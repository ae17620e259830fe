import { type ChildProcess, execFile } from "node:child_process";
import { appendFile, chown, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { type Binaries, launch, type Owner } from "./server.ts";

const run = promisify(execFile);

/** A loopback address and port. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** A node of a pair. Its name is the application name with which it replicates. */
export interface Node extends Place {
  readonly name: string;
  readonly data: string;
  server: ChildProcess;
}

/** The settings that the nodes of a pair share. */
export interface NodeKit {
  readonly binaries: Binaries;
  readonly owner: Owner;
  readonly password: string;
}

const SETTINGS = [
  "fsync=off",
  "wal_level=replica",
  "max_wal_senders=4",
  "wal_keep_size=64MB",
  "shared_buffers=8MB",
  "unix_socket_directories=",
];
const FLAGS = [
  "--no-sync",
  "--locale=C",
  "--encoding=UTF8",
  "--auth=scram-sha-256",
  "--username=broker",
  "--no-instructions",
];
const CONNECT_MS_MAX = 5_000;

/** Makes an empty data folder in `folder`. */
export async function initialize({ binaries, owner, password }: NodeKit, data: string, folder: string): Promise<void> {
  const file = join(folder, "password");
  await writeFile(file, password, { mode: 0o600 });
  await own(owner, file);
  await run(binaries.initdb, ["-D", data, ...FLAGS, `--pwfile=${file}`], { ...owner, cwd: folder });
  await rm(file);
}

/** Starts the server of a node on its data folder. */
export const startNode = (
  { binaries, owner }: NodeKit,
  { data, host, port }: Omit<Node, "server">,
): Promise<ChildProcess> => launch(binaries, owner, data, [...SETTINGS, `listen_addresses=${host}`, `port=${port}`]);

async function own({ uid, gid }: Owner, file: string): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(file, uid, gid);
}

async function writeOwn(owner: Owner, file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600 });
  await own(owner, file);
}

/** Logs in to a node as the owner of everything. */
export async function connectTo({ password }: NodeKit, { host, port }: Place): Promise<pg.Client> {
  const login = { user: "broker", password, database: "postgres" };
  const client = new pg.Client({ host, port, ...login, connectionTimeoutMillis: CONNECT_MS_MAX });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/**
 * Recreates the data folder of a standby from the files of its primary: a base backup by the low-level
 * interface (PostgreSQL manual, "Making a Base Backup Using the Low Level API").
 */
export async function cloneNode(kit: NodeKit, primary: Node, standby: Node): Promise<void> {
  await rm(standby.data, { recursive: true, force: true });
  const client = await connectTo(kit, primary);
  try {
    await client.query("select pg_backup_start('pair', true)");
    await run("cp", ["-a", primary.data, standby.data]);
    const { rows } = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop(false)");
    for (const name of ["postmaster.pid", "postmaster.opts", "standby.signal"])
      await rm(join(standby.data, name), { force: true });
    await writeOwn(kit.owner, join(standby.data, "backup_label"), rows[0]?.labelfile ?? "");
    await writeOwn(kit.owner, join(standby.data, "standby.signal"), "");
    const source = `host=${primary.host} port=${primary.port} user=broker password=${kit.password} application_name=${standby.name}`;
    await appendFile(
      join(standby.data, "postgresql.auto.conf"),
      `synchronous_standby_names = ''\nprimary_conninfo = '${source}'\n`,
    );
  } finally {
    await client.end();
  }
}
