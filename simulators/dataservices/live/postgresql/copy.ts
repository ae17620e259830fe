import { StringDecoder } from "node:string_decoder";
import type { Client, Connection, Submittable } from "pg";
import { DataServiceError } from "../../wire/errors.ts";

/** The part of pg's connection that COPY needs but pg's types leave out. */
interface CopyConnection {
  query(sql: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** How many rows the server has copied, in the tag of its CommandComplete: `COPY 200`. */
const COPIED = /^COPY (\d+)$/;

/** The methods that pg's client calls while a statement runs (the contract on which pg-copy-streams is built). */
abstract class CopyStatement implements Submittable {
  readonly done: Promise<void>;
  readonly #sql: string;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #copied: number | undefined;

  constructor(sql: string) {
    this.#sql = sql;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Rows counted here, to compare with the server's count at the end. */
  protected abstract count(): number;

  submit(connection: Connection): void {
    (connection as unknown as CopyConnection).query(this.#sql);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const [, copied] = COPIED.exec(text) ?? [];
    this.#copied = copied === undefined ? undefined : Number(copied);
  }

  handleReadyForQuery(): void {
    const rows = this.count();
    if (this.#copied === rows) return this.#resolve();
    const detail = `${this.#sql}: ${rows} rows here, ${this.#copied ?? "no number"} at the server`;
    this.#reject(new DataServiceError("DS_COPY_BROKEN", detail));
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }
}

/** Assembles lines from pieces that may end anywhere, even within a character. */
class Lines {
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  /** The lines that are complete now. They are texts, so nothing of `piece` is kept. */
  push(piece: Uint8Array): readonly string[] {
    const lines = (this.#rest + this.#decoder.write(piece)).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines;
  }
}

/**
 * The chunk that pg hands over is a view of its receive buffer, and later messages overwrite it: so it is
 * read within the callback, and only text outlives the callback.
 */
class CopyOut extends CopyStatement {
  readonly #lines = new Lines();
  readonly #take: (line: string) => void;
  #rows = 0;

  constructor(sql: string, take: (line: string) => void) {
    super(sql);
    this.#take = take;
  }

  protected override count(): number {
    return this.#rows;
  }

  handleCopyData({ chunk }: { readonly chunk: Uint8Array }): void {
    try {
      for (const line of this.#lines.push(chunk)) {
        this.#rows++;
        this.#take(line);
      }
    } catch (error) {
      // `take` refuses more lines. The server continues to send until the caller ends the session.
      this.handleError(error);
    }
  }
}

class CopyIn extends CopyStatement {
  readonly #lines: readonly string[];

  constructor(sql: string, lines: readonly string[]) {
    super(sql);
    this.#lines = lines;
  }

  protected override count(): number {
    return this.#lines.length;
  }

  handleCopyInResponse(into: CopyConnection): void {
    for (let from = 0; from < this.#lines.length; from += LINES_PER_CHUNK)
      into.sendCopyFromChunk(Buffer.from(`${this.#lines.slice(from, from + LINES_PER_CHUNK).join("\n")}\n`));
    into.endCopyFrom();
  }
}

const LINES_PER_CHUNK = 500;

/**
 * Hands over the rows of a table in the order of the server, a line each, in COPY's text format: the very text of each type's output
 * function. Resolves when as many rows have come as the server says it has sent.
 *
 * After a failure the session can no longer be used, because a COPY may still be in progress on it.
 *
 * @throws DataServiceError DS_COPY_BROKEN; or the error of the server or of `take`
 */
export async function copyOut(client: Client, table: string, take: (line: string) => void): Promise<void> {
  await client.query(new CopyOut(`COPY ${table} TO STDOUT`, take)).done;
}

/** Adds rows to a table. @throws DataServiceError DS_COPY_BROKEN; or the error of the server */
export async function copyIn(client: Client, table: string, lines: readonly string[]): Promise<void> {
  await client.query(new CopyIn(`COPY ${table} FROM STDIN`, lines)).done;
}
