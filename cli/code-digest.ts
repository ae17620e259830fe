import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** In a checkout the sources run; the published package is built, so its text differs. */
const FORM = import.meta.url.endsWith(".ts") ? "sources" : "built";
const SUITES_FOLDER = fileURLToPath(new URL("../conformance", import.meta.url));

/** The SHA-256 of the code that judges: each file of `conformance/` that runs, by path. */
export function digestCode(): { readonly form: string; readonly digest: { readonly sha256: string } } {
  const extension = FORM === "sources" ? "ts" : "js";
  const files = globSync(`**/*.{${extension},json}`, { cwd: SUITES_FOLDER })
    .filter((file) => !/\.test\.|\.d\.ts$/.test(file))
    .map((file) => file.replaceAll("\\", "/"))
    .sort();
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(SUITES_FOLDER, file)));
  return { form: FORM, digest: { sha256: hash.digest("hex") } };
}
