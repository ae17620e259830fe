import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** The scenarios of a recording: a `.jsonl` or `.jsonl.gz` file with one a line. They are ours, so their shape `S` is taken on trust. */
export function readRecording<S>(file: string): readonly S[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const scenario: S = JSON.parse(line);
      return scenario;
    });
}
