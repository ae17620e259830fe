/** What an instance holds: rows by key, as JSON. Never changed in place. */
export type DatabaseContents = ReadonlyMap<string, string>;

const same = (a: DatabaseContents, b: DatabaseContents): boolean =>
  a.size === b.size && [...a].every(([key, row]) => b.get(key) === row);

const distinct = (contents: readonly DatabaseContents[]): readonly DatabaseContents[] =>
  contents.filter((content, at) => contents.findIndex((other) => same(content, other)) === at);

const addRows = (contents: readonly DatabaseContents[], rows: DatabaseContents): readonly DatabaseContents[] =>
  contents.map((content) => new Map([...content, ...rows]));

export const EMPTY: DatabaseContents = new Map();

/** A backup as far as is known from outside: the dump is of some moment between the order and the end. */
export interface KnownBackup {
  /** What it may hold. */
  contents: readonly DatabaseContents[];
  isEnded: boolean;
}

/**
 * What an instance may hold, as far as its platform can know. While nothing is uncertain there is one possibility; a backup or a
 * restore that goes on, or whose end is not known, makes more.
 */
export class ExpectedContents {
  #possible: readonly DatabaseContents[] = [EMPTY];
  #restored: readonly DatabaseContents[] | undefined;
  readonly #backups: KnownBackup[] = [];

  /** Rows whose write has been acknowledged. */
  noteWrite(rows: DatabaseContents): void {
    this.#possible = addRows(this.#possible, rows);
    // The restore may have come before the write, or may still come after it.
    if (this.#restored !== undefined) this.#restored = distinct([...this.#restored, ...addRows(this.#restored, rows)]);
    this.#note();
  }

  #note(): void {
    for (const backup of this.#backups.filter(({ isEnded }) => !isEnded))
      backup.contents = distinct([...backup.contents, ...this.possible]);
  }

  beginBackup(): KnownBackup {
    const backup: KnownBackup = { contents: this.possible, isEnded: false };
    this.#backups.push(backup);
    return backup;
  }

  beginRestore(backup: KnownBackup): void {
    this.#restored = distinct([...(this.#restored ?? []), ...backup.contents]);
    this.#note();
  }

  endRestore(outcome: "succeeded" | "failed"): void {
    // One that has failed may have done its work all the same: its answer was lost.
    this.#possible = outcome === "succeeded" ? (this.#restored ?? this.#possible) : this.possible;
    this.#restored = undefined;
  }

  get possible(): readonly DatabaseContents[] {
    return distinct([...this.#possible, ...(this.#restored ?? [])]);
  }

  allows(content: DatabaseContents): boolean {
    return this.possible.some((each) => same(each, content));
  }
}
