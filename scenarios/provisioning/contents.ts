/** What an instance holds: rows by key, as JSON. Never changed in place. */
export type DatabaseContents = ReadonlyMap<string, string>;

/** Equal for equal contents, in whatever order their rows were written. */
const keyOf = (content: DatabaseContents): string => JSON.stringify([...content].sort(([a], [b]) => (a < b ? -1 : 1)));

const distinct = (contents: readonly DatabaseContents[]): readonly DatabaseContents[] => [
  ...new Map(contents.map((content) => [keyOf(content), content])).values(),
];

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
  /** What a restore that goes on may put there, at the moment at which it does. */
  #replacements: readonly DatabaseContents[] = [];
  /** What may be there if that moment has come: a replacement, and whatever was written after it. */
  #restored: readonly DatabaseContents[] | undefined;
  readonly #backups: KnownBackup[] = [];

  /** Rows whose write has been acknowledged. */
  noteWrite(rows: DatabaseContents): void {
    this.#possible = addRows(this.#possible, rows);
    // The restore has come before the write, or is still to come and takes this write away with all earlier ones.
    if (this.#restored !== undefined)
      this.#restored = distinct([...this.#replacements, ...addRows(this.#restored, rows)]);
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
    this.#replacements = distinct([...this.#replacements, ...backup.contents]);
    this.#restored = distinct([...(this.#restored ?? []), ...backup.contents]);
    this.#note();
  }

  endRestore(outcome: "succeeded" | "failed"): void {
    // One that has failed may have done its work all the same: its answer was lost.
    this.#possible = outcome === "succeeded" ? (this.#restored ?? this.#possible) : this.possible;
    this.#restored = undefined;
    this.#replacements = [];
  }

  get possible(): readonly DatabaseContents[] {
    return distinct([...this.#possible, ...(this.#restored ?? [])]);
  }

  allows(content: DatabaseContents): boolean {
    const key = keyOf(content);
    return this.possible.some((each) => keyOf(each) === key);
  }
}
