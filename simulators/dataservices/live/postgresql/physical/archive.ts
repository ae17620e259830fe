import { chown, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { DataServiceError } from "../../../wire/errors.ts";
import type { FinishedLog } from "../../../behaviour/services.ts";
import type { Server, ServerOptions } from "../server.ts";

/** The parameter of the job that makes a server keep its log until it is collected; a platform sets it when an instance is created. */
export const ARCHIVING = "continuous_archiving";

/** Beside the data, not inside: a base backup would include it. */
const folderOf = (data: string): string => `${data}.archive`;

/** A file of the log, a timeline's history, or the mark of a backup. */
const FILE = /^[0-9A-F]{8}([0-9A-F]{16}(\.[0-9A-F]{8}\.backup)?|\.history)$/;
const SEGMENT = /^[0-9A-F]{24}$/;

/** How long the server may take to put a finished file there, in ms. */
const ARCHIVE_MS_MAX = 30_000;
const POLL_MS = 20;

/** The settings of a server that archives; an existing file is never replaced. */
export function archiveSettings(data: string): Readonly<Record<string, string>> {
  const to = folderOf(data);
  const copy = `test ! -e ${to}/%f && cp "%p" ${to}/%f.part && mv ${to}/%f.part ${to}/%f`;
  return { archive_mode: "on", archive_command: `cmp -s "%p" ${to}/%f || { ${copy}; }`, archive_timeout: "3600" };
}

const isArchiving = ({ settings }: ServerOptions): boolean => settings.archive_mode === "on";

/** Makes the place of the archive, if the server archives. */
export async function makeArchive(options: ServerOptions): Promise<void> {
  if (!isArchiving(options)) return;
  const folder = folderOf(options.data);
  const { uid, gid } = options.owner;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (uid !== undefined && gid !== undefined) await chown(folder, uid, gid);
}

/** Forgets the archived files, because they belong to a history that has ended. */
export async function clearArchive({ data }: ServerOptions): Promise<void> {
  await rm(folderOf(data), { recursive: true, force: true });
}

/** The finished files of one server's log. */
export class LogArchive implements FinishedLog {
  readonly #server: Server;
  readonly #folder: string;

  constructor(server: Server) {
    this.#server = server;
    this.#folder = folderOf(server.options.data);
  }

  async finish(): Promise<{ readonly files: readonly string[]; readonly untilMs: number }> {
    // A recovery finds its time only by a transaction that ended later, so this mark is written.
    const { rows } = await this.#server.admin.query<{ now: string }>(
      "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000) - 1 AS now",
    );
    await this.#server.admin.query("SELECT pg_current_xact_id()");
    const switched = await this.#server.admin.query<{ segment: string }>(
      "SELECT pg_walfile_name(pg_switch_wal()) AS segment",
    );
    const files = await this.#waitFor(switched.rows[0]?.segment ?? "");
    return { files, untilMs: Number(rows[0]?.now) };
  }

  async #waitFor(segment: string): Promise<readonly string[]> {
    for (let waitedMs = 0; waitedMs < ARCHIVE_MS_MAX; waitedMs += POLL_MS) {
      const { rows } = await this.#server.admin.query<{ last: string | null }>(
        "SELECT last_archived_wal AS last FROM pg_stat_archiver",
      );
      const last = rows[0]?.last ?? "";
      if (SEGMENT.test(last.slice(0, 24)) && last.slice(0, 24) >= segment) return this.#list();
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new DataServiceError("DS_COPY_BROKEN", `${segment} is not archived`);
  }

  async #list(): Promise<readonly string[]> {
    return (await readdir(this.#folder)).filter((name) => FILE.test(name)).sort();
  }

  async read(file: string): Promise<Uint8Array> {
    return readFile(this.#pathOf(file)).catch(() => {
      throw new DataServiceError("DS_NOT_A_DUMP", "there is no such file of the log");
    });
  }

  async remove(file: string): Promise<void> {
    await rm(this.#pathOf(file), { force: true });
  }

  /** @throws DataServiceError DS_NOT_A_DUMP for anything but the name of such a file */
  #pathOf(file: string): string {
    if (!FILE.test(file)) throw new DataServiceError("DS_NOT_A_DUMP", "there is no such file of the log");
    return join(this.#folder, file);
  }
}
