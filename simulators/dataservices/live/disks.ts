import { hash } from "node:crypto";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LivePlaneError } from "./errors.ts";
import { createRunFolder, openKeptFolder, type RunFolder } from "./folder.ts";
import { emptySlot, removeFiles, type Slot } from "./slot.ts";

/** The place of disks that outlive the process. */
export interface KeptPlane {
  /** The folder of the disks, created if missing. */
  readonly path: string;
  /** From which servers derive the passwords that only the simulator knows. The same each time. */
  readonly secret: string;
}

const MARK = "whole-";
const DIGITS = 12;

/**
 * The folders of a plane: one for the process, and that of the disks, which may outlive it. Kept files of a disk count only once its mark lies beside
 * them, so that anything unfinished by a killed process is made again.
 */
export class Disks {
  readonly #kept: string | undefined;
  #run: Promise<RunFolder> | undefined;
  #disks: Promise<RunFolder> | undefined;
  #made = 0;
  #isClosed = false;

  /** @param kept the folder of disks that outlive the process. Default: they go with it */
  constructor(kept?: string) {
    this.#kept = kept;
  }

  /** The folder of this process. @throws LivePlaneError LIVE_DATA_CLOSED */
  async openRun(): Promise<string> {
    this.#requireOpen();
    this.#run ??= createRunFolder();
    return (await this.#run).path;
  }

  /** The folder of the disks. @throws LivePlaneError LIVE_DATA_CLOSED */
  async open(): Promise<string> {
    if (this.#kept === undefined) return this.openRun();
    this.#requireOpen();
    this.#disks ??= openKeptFolder(this.#kept);
    return (await this.#disks).path;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new LivePlaneError("LIVE_DATA_CLOSED");
  }

  /** The kept disks that have data. */
  list(): readonly string[] {
    if (this.#kept === undefined || !existsSync(this.#kept)) return [];
    return readdirSync(this.#kept).flatMap((name) => (name.startsWith(MARK) ? [name.slice(MARK.length)] : []));
  }

  /** The slot of a kept disk that has data. */
  keptSlot(disk: string): Slot {
    return { ...emptySlot(disk, this.dataOf(disk, this.#kept ?? "")), hasData: true };
  }

  /** The path of a disk's files. It is short, as a socket lies there, whose path may have about a hundred bytes. */
  dataOf(disk: string, folder: string): string {
    const name = this.#kept === undefined ? String(++this.#made) : hash("sha256", disk).slice(0, DIGITS);
    return join(folder, `data-${name}`);
  }

  /** Does work that fills an empty disk. */
  async fill(slot: Slot, work: () => Promise<void>): Promise<void> {
    slot.hasData = false;
    if (this.#kept !== undefined) await this.remove(slot);
    await work();
    if (this.#kept !== undefined) writeFileSync(join(this.#kept, `${MARK}${slot.disk}`), "", { mode: 0o600 });
    slot.hasData = true;
  }

  /** Removes a disk's files. */
  async remove({ disk, data }: Slot): Promise<void> {
    if (this.#kept !== undefined) rmSync(join(this.#kept, `${MARK}${disk}`), { force: true });
    await removeFiles(data);
  }

  /** From now on nothing is opened. */
  shut(): void {
    this.#isClosed = true;
  }

  /** Removes the folder of this process; kept disks stay. */
  async close(): Promise<void> {
    for (const folder of [this.#run, this.#disks]) await (await folder?.catch(() => undefined))?.close();
  }
}
