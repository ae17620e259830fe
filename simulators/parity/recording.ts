import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/**
 * Reads the scenarios of a `.jsonl` or `.jsonl.gz` file, one a line. Recordings are trusted: the caller names the type that they hold.
 *
 * @throws Error with `code` ENOENT …, or SyntaxError for a line that is not JSON
 */
export function readScenarios<S>(file: string): readonly S[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): S => JSON.parse(line));
}
