import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The folders and files of a registry. */
export const LAYOUT = {
  keys: "keys",
  submissions: "submissions",
  submission: "submission.yml",
  stream: "run.jsonl",
  report: "report.json",
  /** Digests of suites, by tool and suite: of versions other than the one that checks. */
  suites: "suites.json",
  page: "index.html",
  data: "index.json",
} as const;

/** Where a submission is: `submissions/VENDOR/PRODUCT/VERSION`. */
export interface Place {
  readonly vendor: string;
  readonly product: string;
  readonly version: string;
  /** The folder, from the registry's own on. */
  readonly path: string;
}

/** A name of a folder that is safe on every system and in every URL. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** The submissions of a registry, in order, and places that should not hold one. */
interface Listing {
  readonly places: readonly Place[];
  readonly misplaced: readonly string[];
}

/** How many folders lie between `submissions` and a submission. */
const DEPTH = 3;

/** Lists the submissions of a registry. Links are not followed: a submission holds its own files. */
export function listSubmissions(dir: string): Listing {
  const places: Place[] = [];
  const misplaced: string[] = [];
  const visit = (parts: readonly string[]): void => {
    const path = [LAYOUT.submissions, ...parts].join("/");
    const [vendor = "", product = "", version = ""] = parts;
    if (parts.length === DEPTH) {
      places.push({ vendor, product, version, path });
      return;
    }
    for (const entry of readdirSync(join(dir, path), { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      if (entry.isDirectory() && NAME.test(entry.name)) visit([...parts, entry.name]);
      else misplaced.push(`${path}/${entry.name}`);
    }
  };
  visit([]);
  return { places, misplaced };
}

/** The bytes of a plain file of a registry; undefined if there is none. */
export function readPlainFile(dir: string, ...parts: readonly string[]): Buffer | undefined {
  const path = join(dir, ...parts);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true ? readFileSync(path) : undefined;
}
