import type { Client, Connection, Submittable } from "pg";
import { wallNowMs } from "../../../../kernel/edge/drive.ts";
import { DataServiceError } from "../../../wire/errors.ts";
import { END_OF_TAR, tarMember, ZEROS_BYTES } from "./tar.ts";

/** A server's position in its history. */
interface Position {
  /** Such as `0/2000060`. */
  readonly lsn: string;
  readonly timeline: number;
}

/** The part of pg's connection that a base backup needs but pg's types leave out. */
interface BackupConnection {
  query(sql: string): void;
  readonly stream: { pause(): void; resume(): void };
}

/** How many unread bytes may be queued before the socket is paused. */
const QUEUED_BYTES_MAX = 1024 * 1024;

/** The kinds of messages by their first byte (PostgreSQL manual, "Streaming Replication Protocol", BASE_BACKUP). */
const KINDS: ReadonlyMap<string, string> = new Map([
  ["n", "archive"],
  ["m", "manifest"],
  ["d", "data"],
  ["p", "progress"],
]);

/** A piece of an archive, or of the manifest behind it. */
interface Piece {
  readonly of: "archive" | "manifest";
  readonly bytes: Buffer;
}

const kindOf = (byte: number): string | undefined => KINDS.get(String.fromCharCode(byte));

/**
 * The command BASE_BACKUP as pg's client runs it. pg passes data on as fast as the server sends it, so the
 * socket is paused while too much is queued. Each piece is copied, because pg passes on views of its receive
 * buffer.
 */
class BaseBackup implements Submittable {
  readonly #sql: string;
  readonly #pieces: Piece[] = [];
  readonly #positions: Position[] = [];
  #queuedBytes = 0;
  #connection: BackupConnection | undefined;
  #of: Piece["of"] = "archive";
  #archives = 0;
  #end: { readonly error?: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(label: string) {
    this.#sql = `BASE_BACKUP (LABEL '${label}', CHECKPOINT 'fast', WAL, WAIT false, MANIFEST 'yes', MANIFEST_CHECKSUMS 'SHA256')`;
  }

  submit(connection: Connection): void {
    this.#connection = connection as unknown as BackupConnection;
    this.#connection.query(this.#sql);
  }

  handleRowDescription(): void {}

  /** The first and the last result set are a position each; the one between lists tablespaces, whose first column is an oid or null. */
  handleDataRow({ fields: [lsn, timeline] }: { readonly fields: readonly (string | null)[] }): void {
    if (lsn?.includes("/") === true) this.#positions.push({ lsn, timeline: Number(timeline) });
  }

  handleCommandComplete(): void {}

  handleCopyData({ chunk }: { readonly chunk: Uint8Array }): void {
    const kind = kindOf(chunk[0] ?? 0);
    if (kind === "archive" && ++this.#archives > 1)
      return this.#finish({ error: new DataServiceError("DS_NOT_COVERED", "a tablespace of its own") });
    if (kind === "manifest") this.#of = "manifest";
    if (kind !== "data") return;
    const bytes = Buffer.from(chunk.subarray(1));
    this.#pieces.push({ of: this.#of, bytes });
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes > QUEUED_BYTES_MAX) this.#connection?.stream.pause();
    this.#wake();
  }

  handleReadyForQuery(): void {
    this.#finish({});
  }

  /** After an error pg drops the active query, so this is its end. */
  handleError(error: unknown): void {
    this.#finish({ error });
  }

  #finish(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    this.#wake();
  }

  /** The session is over, and so is any work in it. */
  lose(): void {
    this.#finish({ error: new DataServiceError("DS_COPY_BROKEN", "the server ended the session") });
  }

  /** The range of the log that makes the copy consistent; known at the end. @throws DataServiceError DS_COPY_BROKEN */
  get positions(): { readonly start: Position; readonly end: Position } {
    const [start, end] = this.#positions;
    if (start === undefined || end === undefined) throw new DataServiceError("DS_COPY_BROKEN", "no end of the backup");
    return { start, end };
  }

  async *pieces(): AsyncGenerator<Piece> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        this.#queuedBytes -= piece.bytes.length;
        if (this.#queuedBytes <= QUEUED_BYTES_MAX) this.#connection?.stream.resume();
        yield piece;
      } else if (this.#end === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      } else if ("error" in this.#end) throw this.#end.error;
      else return;
    }
  }
}

/** A backup's description of itself, in its member `drydock_backup.json`. */
export interface BackupLabel {
  readonly start: Position;
  readonly end: Position;
  /** The server's clock when the backup had ended, ms since the Unix epoch. */
  readonly endMs: number;
  /** Such as 18. */
  readonly major: number;
}

/** The members that the server's own archive does not have. */
export const MANIFEST = "backup_manifest";
/** See `MANIFEST`. */
export const LABEL = "drydock_backup.json";

/**
 * A physical copy of a whole server at one moment as one tar, with the log that it needs: all databases,
 * roles and settings. It is made over the wire, needs no program, and needs little memory however large the
 * server is.
 *
 * @param client of a session with `replication: "true"`, which is of no use after a failure, or when the reader leaves: end it
 * @param options.label a word for the server's log
 * @throws DataServiceError DS_COPY_BROKEN, DS_NOT_COVERED; what the server threw
 */
export async function* baseBackup(
  client: Client,
  { label, major }: { readonly label: string; readonly major: number },
): AsyncGenerator<Uint8Array> {
  const backup = new BaseBackup(label);
  client.once("end", () => backup.lose());
  client.query(backup);
  const manifest: Buffer[] = [];
  // The last blocks of a tar are empty; further members take their place.
  let held: Buffer = Buffer.alloc(0);
  for await (const { of, bytes } of backup.pieces()) {
    if (of === "manifest") manifest.push(bytes);
    else {
      const all = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      const ready = all.subarray(0, Math.max(0, all.length - ZEROS_BYTES));
      held = all.subarray(ready.length);
      if (ready.length > 0) yield ready;
    }
  }
  if (!held.equals(END_OF_TAR)) throw new DataServiceError("DS_COPY_BROKEN", "the archive has no end");
  const about: BackupLabel = { ...backup.positions, endMs: wallNowMs(), major };
  yield tarMember(MANIFEST, Buffer.concat(manifest));
  yield tarMember(LABEL, Buffer.from(JSON.stringify(about)));
  yield END_OF_TAR;
}
