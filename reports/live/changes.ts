import type { Row } from "./feed.ts";

/** The differences between two moments. */
interface RowChanges {
  readonly put: readonly Row[];
  readonly gone: readonly string[];
}

/** The rows as they were last sent. */
export class SentRows {
  #texts = new Map<string, string>();
  #rows: readonly Row[] = [];

  /** Takes the current rows and returns what has changed. */
  update(rows: readonly Row[]): RowChanges {
    const texts = new Map<string, string>();
    const put: Row[] = [];
    for (const row of rows) {
      const text = JSON.stringify(row);
      texts.set(row.id, text);
      if (this.#texts.get(row.id) !== text) put.push(row);
    }
    const gone = [...this.#texts.keys()].filter((id) => !texts.has(id));
    this.#texts = texts;
    this.#rows = rows;
    return { put, gone };
  }

  /** All rows as they were last sent. */
  get all(): readonly Row[] {
    return this.#rows;
  }
}
