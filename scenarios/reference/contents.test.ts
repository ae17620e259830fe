import fc from "fast-check";
import { expect, it } from "vitest";
import { type DatabaseContents, ExpectedContents } from "./contents.ts";

type Event = "write" | "backup begins" | "dump" | "backup ends" | "restore begins" | "replace" | "restore ends";

/** A database as it is, and what its platform expects of it. */
class Truth {
  readonly expectation = new ExpectedContents();
  content: DatabaseContents = new Map();
  #rows = 0;
  #backup: { known: ReturnType<ExpectedContents["beginBackup"]>; dump: DatabaseContents | undefined } | undefined;
  #usable: { known: ReturnType<ExpectedContents["beginBackup"]>; dump: DatabaseContents } | undefined;
  #restoring: { replaced: boolean } | undefined;

  perform(event: Event): void {
    if (event === "write") this.#write();
    if (event === "backup begins" && this.#backup === undefined)
      this.#backup = { known: this.expectation.beginBackup(), dump: undefined };
    if (event === "dump" && this.#backup !== undefined) this.#backup.dump = this.content;
    if (event === "backup ends") this.#backupEnds();
    if (event === "restore begins" && this.#usable !== undefined && this.#restoring === undefined) {
      this.expectation.beginRestore(this.#usable.known);
      this.#restoring = { replaced: false };
    }
    if (event === "replace" && this.#restoring !== undefined && !this.#restoring.replaced) {
      this.content = this.#usable?.dump ?? this.content;
      this.#restoring.replaced = true;
    }
    if (event === "restore ends" && this.#restoring !== undefined) {
      this.expectation.endRestore(this.#restoring.replaced ? "succeeded" : "failed");
      this.#restoring = undefined;
    }
  }

  #write(): void {
    const rows = new Map([[`k${++this.#rows}`, String(this.#rows)]]);
    this.content = new Map([...this.content, ...rows]);
    this.expectation.noteWrite(rows);
  }

  #backupEnds(): void {
    if (this.#backup?.dump === undefined || this.#restoring !== undefined) return;
    this.#backup.known.isEnded = true;
    this.#usable = { known: this.#backup.known, dump: this.#backup.dump };
    this.#backup = undefined;
  }
}

const events = fc.array(
  fc.constantFrom<Event>("write", "backup begins", "dump", "backup ends", "restore begins", "replace", "restore ends"),
  { maxLength: 25 },
);

it("always allows the true contents, whenever dumps and restores happen", () => {
  fc.assert(
    fc.property(events, (list) => {
      const truth = new Truth();
      for (const event of list) {
        truth.perform(event);
        expect(truth.expectation.allows(truth.content)).toBe(true);
      }
    }),
  );
});

it("allows nothing else while nothing is uncertain", () => {
  const expectation = new ExpectedContents();
  expectation.noteWrite(new Map([["a", "1"]]));
  const backup = expectation.beginBackup();
  backup.isEnded = true;
  expectation.noteWrite(new Map([["b", "2"]]));
  expect(expectation.possible).toEqual([
    new Map([
      ["a", "1"],
      ["b", "2"],
    ]),
  ]);
  expectation.beginRestore(backup);
  expectation.endRestore("succeeded");
  expect(expectation.possible).toEqual([new Map([["a", "1"]])]);
});

it("adds one possibility for each write during a restore, rather than doubling them", () => {
  const expectation = new ExpectedContents();
  const backup = expectation.beginBackup();
  backup.isEnded = true;
  expectation.beginRestore(backup);
  for (let at = 0; at < 100; at++) expectation.noteWrite(new Map([[`k${at}`, "1"]]));
  expect(expectation.possible).toHaveLength(101);
});

it("does not allow a lost write if a later one is there", () => {
  const expectation = new ExpectedContents();
  const backup = expectation.beginBackup();
  backup.isEnded = true;
  expectation.beginRestore(backup);
  expectation.noteWrite(new Map([["a", "1"]]));
  expectation.noteWrite(new Map([["b", "2"]]));
  expect(expectation.allows(new Map([["b", "2"]]))).toBe(true);
  expect(expectation.allows(new Map([["a", "1"]]))).toBe(false);
});
