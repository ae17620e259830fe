import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { ConsulVersion } from "../index.ts";

const RECORDING = /^consul.*\.jsonl(?:\.gz)?$/;
/** Recordings of BOSH DNS. */
export const BOSH_RECORDING = /^bosh-dns.*\.jsonl(?:\.gz)?$/;

/** Recordings of either. */
export const NAMES_RECORDING = /^(?:consul|bosh-dns).*\.jsonl(?:\.gz)?$/;

/** The recordings in a directory: as the project was handed them, or as the repository keeps them. A file is itself. @throws Error */
export function recordingsIn(directory: string, pattern = RECORDING): readonly string[] {
  if (existsSync(directory) && statSync(directory).isFile()) return [directory];
  const folders = [directory, join(directory, "dns")].filter((folder) => existsSync(folder));
  for (const folder of folders) {
    const files = readdirSync(folder)
      .filter((name) => pattern.test(name))
      .sort();
    if (files.length > 0) return files.map((name) => join(folder, name));
  }
  throw new Error(`no recordings of names in ${directory}`);
}

/** The release from which a file was recorded, by its name; today's unless it says otherwise. */
export const versionOf = (file: string): ConsulVersion => (basename(file).includes("1.8") ? "1.8.7" : "1.22.0");
