import {
  closeSync,
  existsSync,
  fdatasync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ServerError } from "../wire/errors.ts";
import { frameOf, readFrames } from "./frames.ts";
import { imageOf, loadImage, readImage } from "./image.ts";
import { entryOfDocument, entryToDocument, type Entry, type WriteMark } from "./operations.ts";
import type { Store } from "./store.ts";

const sync = promisify(fdatasync);

/** The parts of a server that its log needs. */
interface LogOptions {
  readonly folder: string;
  readonly store: Store;
  /** The marks of retryable writes, for the next image. */
  readonly marks: () => readonly WriteMark[];
  /** Restores marks that were read back. */
  readonly onMarks: (marks: readonly WriteMark[]) => void;
  /** The length of the log, in bytes, beyond which it is folded into an image. */
  readonly logBytesMax: number;
  /** The limit of all files together, in bytes, at which the disk counts as full. */
  readonly diskBytesMax: number;
}

/**
 * The data on a disk: an image `image-N` of all data and a log `log-N` of each commit since. A commit is
 * written to the file before anybody learns of it, so it survives the death of the process; `sync` makes it
 * survive a crash of the machine. A log that was truncated within an entry ends before it.
 */
export class Log {
  readonly #options: LogOptions;
  #generation = 0;
  #file = -1;
  #logBytes = 0;
  #imageBytes = 0;
  #isDirty = false;

  private constructor(options: LogOptions) {
    this.#options = options;
  }

  /**
   * Reads the contents of the folder into the store, and follows the store from then on.
   * @throws ServerError InternalError for damaged files
   */
  static open(options: LogOptions): Log {
    mkdirSync(options.folder, { recursive: true });
    const log = new Log(options);
    log.#load();
    options.store.follow((entry) => log.#append(entry));
    return log;
  }

  /** Bytes of all files. */
  get bytes(): number {
    return this.#logBytes + this.#imageBytes;
  }

  #path(kind: "image" | "log", generation = this.#generation): string {
    return join(this.#options.folder, `${kind}-${generation}`);
  }

  #load(): void {
    const { folder, store, onMarks } = this.#options;
    const generations = readdirSync(folder).flatMap((name) => /^image-(\d+)$/.exec(name)?.[1] ?? []);
    this.#generation = Math.max(0, ...generations.map(Number));
    if (generations.length > 0) {
      const bytes = readFileSync(this.#path("image"));
      const image = readImage(readFrames(bytes).documents);
      loadImage(store, image, true);
      store.version = image.at;
      store.time = image.time;
      for (const { marks } of image.entries) onMarks(marks);
      this.#imageBytes = bytes.length;
    }
    this.#replay();
    this.#file = openSync(this.#path("log"), "a");
  }

  #replay(): void {
    const path = this.#path("log");
    if (!existsSync(path)) return;
    const { store, onMarks } = this.#options;
    const bytes = readFileSync(path);
    const { documents, end } = readFrames(bytes);
    if (end < bytes.length) truncateSync(path, end);
    for (const document of documents) {
      const entry = entryOfDocument(document);
      store.replay(entry);
      onMarks(entry.marks);
    }
    this.#logBytes = end;
  }

  /** @throws ServerError OutOfDiskSpace */
  #append(entry: Entry): void {
    const frame = frameOf(entryToDocument(entry));
    const isGrowing = entry.operations.some(
      ({ kind }) => kind !== "delete" && kind !== "drop" && kind !== "dropDatabase",
    );
    if (isGrowing && this.bytes + frame.length > this.#options.diskBytesMax) {
      // Deleted or overwritten data frees space once it is out of the log.
      this.compact();
      if (this.bytes + frame.length > this.#options.diskBytesMax)
        throw new ServerError("OutOfDiskSpace", "No space left on device: the disk of the instance is full");
    }
    writeSync(this.#file, frame);
    this.#logBytes += frame.length;
    this.#isDirty = true;
  }

  /** Folds the log into an image if it has become long. Not to be called within a commit. */
  tidy(): void {
    if (this.#logBytes > this.#options.logBytesMax && this.#logBytes > this.#imageBytes) this.compact();
  }

  /** Resolves when all commits so far survive a crash of the machine. */
  async sync(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    await sync(this.#file);
  }

  /** Writes an image of the current data, and begins a new log. Removes the old files once the new ones are safe. */
  compact(): void {
    const { store, marks } = this.#options;
    const next = this.#generation + 1;
    const temporary = `${this.#path("image", next)}.tmp`;
    const file = openSync(temporary, "w");
    let bytes = 0;
    try {
      for (const document of imageOf(store, marks())) bytes += writeSync(file, frameOf(document));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    const log = openSync(this.#path("log", next), "w");
    renameSync(temporary, this.#path("image", next));
    closeSync(this.#file);
    rmSync(this.#path("log"), { force: true });
    rmSync(this.#path("image"), { force: true });
    this.#generation = next;
    this.#file = log;
    this.#logBytes = 0;
    this.#imageBytes = bytes;
  }

  /** Closes the files, which keep all commits. */
  close(): void {
    if (this.#isDirty) fsyncSync(this.#file);
    closeSync(this.#file);
  }
}
