/** The contents of a database: rows by key, as JSON. Never changed in place. */
export type DatabaseContents = ReadonlyMap<string, string>;

/** The same text for equal contents, in whatever order their rows were written. */
const keyOf = (content: DatabaseContents): string => JSON.stringify([...content].sort(([a], [b]) => (a < b ? -1 : 1)));

const distinct = (contents: readonly DatabaseContents[]): readonly DatabaseContents[] => [
  ...new Map(contents.map((content) => [keyOf(content), content])).values(),
];

const addRows = (contents: readonly DatabaseContents[], rows: DatabaseContents): readonly DatabaseContents[] =>
  contents.map((content) => new Map([...content, ...rows]));

const EMPTY: DatabaseContents = new Map();

/** A backup as known from outside: its dump is from some moment between its order and its end. */
export interface KnownBackup {
  /** The contents that it may hold. */
  contents: readonly DatabaseContents[];
  isEnded: boolean;
}

/**
 * What an instance may hold, as far as its platform can know. While nothing is uncertain there is one possibility; a backup or a
 * restore that is in progress, or whose outcome is unknown, makes more.
 */
export class ExpectedContents {
  #possible: readonly DatabaseContents[] = [EMPTY];
  /** The contents that the restore in progress may put there when it takes effect. */
  #replacements: readonly DatabaseContents[] = [];
  /** The contents if it has already taken effect: a replacement, and whatever was written after it. */
  #restored: readonly DatabaseContents[] | undefined;
  readonly #backups: KnownBackup[] = [];

  /** Notes rows whose write was acknowledged. */
  noteWrite(rows: DatabaseContents): void {
    this.#possible = addRows(this.#possible, rows);
    // The restore either came before this write, or is still to come and will take it away with all earlier ones.
    if (this.#restored !== undefined)
      this.#restored = distinct([...this.#replacements, ...addRows(this.#restored, rows)]);
    this.#note();
  }

  /** Notes rows whose write was not acknowledged, and may be there or not. */
  noteUnknownWrite(rows: DatabaseContents): void {
    this.#possible = distinct([...this.#possible, ...addRows(this.#possible, rows)]);
    if (this.#restored !== undefined) this.#restored = distinct([...this.#restored, ...addRows(this.#restored, rows)]);
    this.#note();
  }

  #note(): void {
    for (const backup of this.#backups.filter(({ isEnded }) => !isEnded))
      backup.contents = distinct([...backup.contents, ...this.possible]);
  }

  /** Notes that a backup begins: until it has ended, it may hold whatever the instance may hold meanwhile. */
  beginBackup(): KnownBackup {
    const backup: KnownBackup = { contents: this.possible, isEnded: false };
    this.#backups.push(backup);
    return backup;
  }

  /** Notes that a restore begins. */
  beginRestore(backup: KnownBackup): void {
    this.#replacements = distinct([...this.#replacements, ...backup.contents]);
    this.#restored = distinct([...(this.#restored ?? []), ...backup.contents]);
    this.#note();
  }

  /** Notes that the restore has ended. */
  endRestore(outcome: "succeeded" | "failed"): void {
    // A restore that failed may have taken effect nonetheless: its answer was lost.
    this.#possible = outcome === "succeeded" ? (this.#restored ?? this.#possible) : this.possible;
    this.#restored = undefined;
    this.#replacements = [];
  }

  /** Everything that the instance may hold, each once. */
  get possible(): readonly DatabaseContents[] {
    return distinct([...this.#possible, ...(this.#restored ?? [])]);
  }

  /** Whether the instance may hold this. */
  allows(content: DatabaseContents): boolean {
    const key = keyOf(content);
    return this.possible.some((each) => keyOf(each) === key);
  }
}
