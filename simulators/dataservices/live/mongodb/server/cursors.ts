import { encodeDocument } from "../wire/encode.ts";
import type { Document } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";

/** The next documents of a cursor; `isDone` if no more can come. */
export interface Batch {
  readonly documents: readonly Document[];
  readonly isDone: boolean;
  /** The position at which a change stream can be resumed. */
  readonly resumeToken?: Document;
}

/** The source of a cursor's documents. */
interface Source {
  /** The next documents: up to `count`, and up to `BATCH_BYTES_MAX`. Waits up to `waitMs` if there is none yet. */
  next(count: number, waitMs: number): Batch | Promise<Batch>;
}

/** A source that never waits for its first documents. */
export interface ReadySource extends Source {
  next(count: number, waitMs: 0): Batch;
  next(count: number, waitMs: number): Batch | Promise<Batch>;
}

/** An open cursor. */
export interface Cursor {
  readonly id: bigint;
  readonly namespace: string;
  readonly source: Source;
  /** The user who opened it, `database.user`. */
  readonly user: string;
  readonly session: string | undefined;
  readonly isTail: boolean;
  usedMs: number;
}

/** Bytes of the documents of one batch, so that the reply fits a message. */
const BATCH_BYTES_MAX = 16 * 1024 * 1024;
/** Documents in the first batch if the client does not say. */
export const FIRST_BATCH = 101;

const sizes = new WeakMap<Document, number>();

/** Bytes of a document. Documents don't change, so each is measured once. */
export function sizeOf(document: Document): number {
  let size = sizes.get(document);
  if (size === undefined) sizes.set(document, (size = encodeDocument(document).length));
  return size;
}

/** Documents that are all known in advance. */
export class Rows implements ReadySource {
  readonly #rows: readonly Document[];
  #at = 0;

  constructor(rows: readonly Document[]) {
    this.#rows = rows;
  }

  next(count: number): Batch {
    const from = this.#at;
    let bytes = 0;
    while (this.#at < this.#rows.length && this.#at - from < count) {
      const size = sizeOf(this.#rows[this.#at] ?? {});
      if (this.#at > from && bytes + size > BATCH_BYTES_MAX) break;
      bytes += size;
      this.#at++;
    }
    return { documents: this.#rows.slice(from, this.#at), isDone: this.#at >= this.#rows.length };
  }
}

/** Limits of cursors. */
interface CursorLimits {
  readonly cursorsMax: number;
  readonly cursorIdleMsMax: number;
}

/** The open cursors of a server. */
export class Cursors {
  readonly #limits: CursorLimits;
  readonly #cursors = new Map<bigint, Cursor>();
  readonly #newId: () => bigint;

  constructor(limits: CursorLimits, newId: () => bigint) {
    this.#limits = limits;
    this.#newId = newId;
  }

  get size(): number {
    return this.#cursors.size;
  }

  /** @throws ServerError ExceededMemoryLimit if too many are open */
  open(cursor: Omit<Cursor, "id">): Cursor {
    if (this.#cursors.size >= this.#limits.cursorsMax)
      throw new ServerError("ExceededMemoryLimit", `${this.#limits.cursorsMax} cursors are open: close some`);
    let id = this.#newId();
    while (id === 0n || this.#cursors.has(id)) id = this.#newId();
    const made: Cursor = { ...cursor, id };
    this.#cursors.set(id, made);
    return made;
  }

  find(id: bigint): Cursor | undefined {
    return this.#cursors.get(id);
  }

  close(id: bigint): boolean {
    return this.#cursors.delete(id);
  }

  /** Closes the cursors that match. */
  closeWhere(fits: (cursor: Cursor) => boolean): void {
    for (const cursor of this.#cursors.values()) if (fits(cursor)) this.#cursors.delete(cursor.id);
  }

  /** Closes cursors that have been idle for long; those of sessions live as long as their session. */
  expire(nowMs: number): void {
    this.closeWhere(({ usedMs }) => nowMs - usedMs > this.#limits.cursorIdleMsMax);
  }
}
