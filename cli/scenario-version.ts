import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FORM = import.meta.url.endsWith(".ts") ? "ts" : "js";
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DIGITS = 16;

/** A version of all code that a seed's digest depends on: workers take only units that were cut by the same code. */
export function scenarioVersion(): string {
  const hash = createHash("sha256");
  const files = ["scenarios", "broker", "simulators"]
    .flatMap((room) => globSync(`${room}/**/*.${FORM}`, { cwd: ROOT }))
    .filter((file) => !/\.test\.|\.d\.ts$/.test(file))
    .map((file) => file.replaceAll("\\", "/"))
    .sort();
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(ROOT, file)));
  return hash.digest("hex").slice(0, DIGITS);
}
