/**
 * `npm run reference`: writes the generated reference pages of docs/: commands, library, control API. With `--check`, as a test does, nothing is
 * written, and the exit code is 1 when a page is stale.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { scriptCommand } from "../command.ts";
import { referencePages } from "./pages.ts";

const { check: isCheck } = scriptCommand(
  "npm run reference --",
  "Write docs/commands.md, docs/api and the control API's OpenAPI document.",
)
  .option("--check", "write nothing, and fail when a page is stale")
  .parse()
  .opts<{ check?: boolean }>();

for (const [path, text] of referencePages()) {
  if (isCheck === true) {
    if (readFileSync(path, "utf8") === text) continue;
    process.stderr.write(`${path} is stale: npm run reference\n`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
