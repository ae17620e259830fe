import { execFile } from "node:child_process";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RestoreDefects } from "../../../behaviour/services.ts";
import type { RestoreTarget } from "../../engine.ts";
import { LivePlaneError } from "../../errors.ts";
import { DataServiceError } from "../../../wire/errors.ts";
import { writeOwned } from "../../owner.ts";
import type { Installation } from "../installation.ts";
import { GROUP, identifier, RESTORER, SUPERUSER } from "../roles.ts";
import { Server, type ServerOptions } from "../server.ts";
import { unpackBackup } from "./unpack.ts";

const run = promisify(execFile);

/** Files that belong to the server from which the copy comes: recovery signal files, and the lock of a socket in the data folder. */
const FOREIGN_FILES = [
  "standby.signal",
  "recovery.signal",
  "backup_label.old",
  "postmaster.opts",
  ".s.PGSQL.5432.lock",
];
/** Settings that were altered there, such as addresses and passwords of its peers. */
const ALTERED_SETTINGS = "postgresql.auto.conf";

/** How long a copy may take to replay its log, in ms. */
const REPLAY_MS_MAX = 600_000;

/** A quoted word for the shell that the server runs. */
const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** A time in the form that PostgreSQL reads here: it refuses the `Z` of ISO 8601. */
const timestampOf = (ms: number): string => new Date(ms).toISOString().replace("T", " ").replace("Z", "+00");

/**
 * The settings of a recovery to a time. Without an action the server would stay read-only forever; a time
 * before the copy's end would be silently ignored.
 */
function recoveryOf({ atMs, log }: RestoreTarget, timeline: number): Readonly<Record<string, string>> {
  return {
    restore_command: `cp ${word(log)}/%f "%p"`,
    recovery_target_time: timestampOf(atMs),
    recovery_target_timeline: String(timeline),
    recovery_target_action: "promote",
    // Otherwise it would count as ready while it is still replaying.
    hot_standby: "off",
  };
}

/** Roles from the files get no power that they lack here; logins are those of the disk, which come later. */
async function resetRoles(server: Server): Promise<void> {
  const { rows } = await server.admin.query<{ rolname: string }>(
    "SELECT rolname FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%' AND rolname <> $1",
    [SUPERUSER],
  );
  for (const { rolname } of rows) {
    const login = rolname === RESTORER ? "LOGIN" : "NOLOGIN PASSWORD NULL";
    await server.admin.query(
      `ALTER ROLE ${identifier(rolname)} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS ${login} CONNECTION LIMIT -1`,
    );
  }
  if (!rows.some(({ rolname }) => rolname === GROUP))
    throw new DataServiceError("DS_NOT_A_DUMP", "it has no group role");
}

/** The options for turning a copy into a server. */
interface StageOptions {
  readonly installation: Installation;
  /** The options of the server that the copy will replace. */
  readonly options: ServerOptions;
  /** The folder for the copy, which does not exist yet. */
  readonly folder: string;
  readonly target?: RestoreTarget | undefined;
  readonly isTrusting?: boolean;
}

/**
 * Makes a server from a base backup, beside the running one: unpacked, verified, its log replayed, its roles reset. Only the simulator can connect
 * to it. The caller stops it.
 *
 * @param body a base backup, see `baseBackup`
 * @throws DataServiceError DS_NOT_A_DUMP, DS_FOREIGN_DUMP, DS_NOT_RESTORED; the folder is gone then
 */
export async function stageServer(
  body: AsyncIterable<Uint8Array>,
  { installation, options, folder, target, isTrusting = false }: StageOptions,
): Promise<Server> {
  const { owner, binaries } = installation;
  const label = await unpackBackup(body, folder, owner, isTrusting);
  try {
    if (label !== undefined && label.major !== binaries.major)
      throw new DataServiceError("DS_FOREIGN_DUMP", `PostgreSQL ${label.major}, not ${binaries.major}`);
    if (target !== undefined && label !== undefined && target.atMs < label.endMs)
      throw new DataServiceError("DS_NOT_RESTORED", "the time is before the end of the backup");
    for (const name of FOREIGN_FILES) await rm(join(folder, name), { force: true });
    await writeOwned(join(folder, ALTERED_SETTINGS), "", owner);
    const recovery = target === undefined ? {} : recoveryOf(target, label?.end.timeline ?? 1);
    if (target !== undefined) {
      await writeOwned(join(folder, "recovery.signal"), "", owner);
      // The server itself reads them.
      if (owner.uid !== undefined) await run("chown", ["-R", `${owner.uid}:${owner.gid}`, target.log]);
    }
    const settings = { ...options.settings, archive_mode: "off", ...recovery };
    return await openClosed({ ...options, data: folder, settings, isClosed: true, startMsMax: REPLAY_MS_MAX });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error instanceof LivePlaneError ? new DataServiceError("DS_NOT_RESTORED", error.message) : error;
  }
}

async function openClosed(options: ServerOptions): Promise<Server> {
  const server = await Server.start(options);
  try {
    await resetRoles(server);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/**
 * Like `stageServer`, but with the defect of skipped verification: what can't be read is left out, even if nothing remains.
 */
async function stageTrustingly(body: AsyncIterable<Uint8Array>, stage: StageOptions): Promise<Server> {
  try {
    return await stageServer(body, { ...stage, isTrusting: true });
  } catch {
    await stage.installation.copies.take(stage.folder);
    return Server.start({ ...stage.options, data: stage.folder, isClosed: true });
  }
}

/** Stages a dump with these defects. */
export const stageWith = (
  { isTrusting }: Pick<RestoreDefects, "isTrusting">,
  body: AsyncIterable<Uint8Array>,
  stage: StageOptions,
): Promise<Server> => (isTrusting ? stageTrustingly(body, stage) : stageServer(body, stage));

/** Replaces one folder with another on the same file system. */
export async function replaceFolder(
  current: string,
  by: string,
): Promise<{ readonly undo: () => Promise<void>; readonly commit: () => Promise<void> }> {
  const old = `${current}.replaced`;
  await rm(old, { recursive: true, force: true });
  await rename(current, old);
  await rename(by, current);
  return {
    undo: async () => {
      await rm(current, { recursive: true, force: true });
      await rename(old, current);
    },
    commit: () => rm(old, { recursive: true, force: true }),
  };
}
