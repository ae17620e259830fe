import type { Client, Connection, Submittable } from "pg";
import { DUMP_BYTES_MAX } from "../dump.ts";
import { DataServiceError } from "../errors.ts";

/** The part of pg's connection that COPY needs and its types leave out. */
interface CopyConnection {
  query(sql: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** What pg's client calls while a statement of ours is under way (the contract that pg-copy-streams builds on). */
abstract class Statement implements Submittable {
  readonly sql: string;
  readonly done: Promise<void>;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(sql: string) {
    this.sql = sql;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: Connection): void {
    (connection as unknown as CopyConnection).query(this.sql);
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#resolve();
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }
}

class CopyOut extends Statement {
  readonly chunks: Buffer[] = [];
  bytes = 0;

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.bytes += chunk.length;
    if (this.bytes <= DUMP_BYTES_MAX) this.chunks.push(chunk);
  }
}

class CopyIn extends Statement {
  readonly lines: readonly string[];

  constructor(sql: string, lines: readonly string[]) {
    super(sql);
    this.lines = lines;
  }

  handleCopyInResponse(connection: unknown): void {
    const into = connection as CopyConnection;
    for (let from = 0; from < this.lines.length; from += LINES_PER_CHUNK)
      into.sendCopyFromChunk(Buffer.from(`${this.lines.slice(from, from + LINES_PER_CHUNK).join("\n")}\n`));
    into.endCopyFrom();
  }
}

const LINES_PER_CHUNK = 500;

/**
 * The rows of a table in COPY's text form, a line each: the very text of each type's output function.
 *
 * @throws DataServiceError DS_DUMP_TOO_LARGE
 */
export async function copyOut(client: Client, table: string): Promise<readonly string[]> {
  const statement = client.query(new CopyOut(`COPY ${table} TO STDOUT`));
  await statement.done;
  if (statement.bytes > DUMP_BYTES_MAX) throw new DataServiceError("DS_DUMP_TOO_LARGE", `${DUMP_BYTES_MAX} bytes`);
  const text = Buffer.concat(statement.chunks).toString("utf8");
  return text === "" ? [] : text.slice(0, -1).split("\n");
}

export async function copyIn(client: Client, table: string, lines: readonly string[]): Promise<void> {
  await client.query(new CopyIn(`COPY ${table} FROM STDIN`, lines)).done;
}
