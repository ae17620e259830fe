/**
 * `node scripts/ci/index.ts`: runs the steps of the Containerfile without an engine (some minutes): the first stage in a folder with what
 * is committed, the second's copies in another, from which the command must start. What only an image has is left out: its base, its
 * user, links into the system.
 *
 * Exit code 0 if the resulting command prints its version, and reports that nothing listens at an address without a broker.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { scriptCommand } from "../command.ts";
import { type Instruction, readStages } from "./containerfile.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const { keep } = scriptCommand(
  "node scripts/ci/index.ts",
  "Run the steps of the Containerfile in folders, without an engine.",
)
  .option("--keep", "keep the folders")
  .parse()
  .opts<{ keep?: boolean }>();

const folder = mkdtempSync(join(tmpdir(), "drydock-container-"));
const context = join(folder, "context");
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}` };

function copyCommitted(): void {
  const files = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" }).trim().split("\n");
  for (const file of files) cpSync(join(ROOT, file), join(context, file));
}

/** Carries out COPY, from the context or from an earlier stage, whose root is a folder. */
function copy({ text }: Instruction, here: string, roots: ReadonlyMap<string, string>): void {
  const words = text.split(/\s+/);
  const from = words[0]?.startsWith("--from=") ? roots.get(words.shift()?.slice("--from=".length) ?? "") : context;
  const to = words.pop() ?? ".";
  for (const word of words) {
    const target = to.endsWith("/") ? join(here, to, word.split("/").at(-1) ?? "") : join(here, to);
    cpSync(join(from ?? folder, word), target, { recursive: true });
  }
}

function playStages(): string {
  const roots = new Map<string, string>();
  let here = folder;
  const stages = readStages(join(ROOT, "Containerfile"));
  for (const [at, { name, instructions }] of stages.entries()) {
    const root = join(folder, name ?? "image");
    if (name !== undefined) roots.set(name, root);
    const isLast = at === stages.length - 1;
    here = root;
    for (const instruction of instructions) {
      const { keyword, text } = instruction;
      if (keyword === "WORKDIR" && !(isLast && text === "/work")) here = join(root, text);
      mkdirSync(here, { recursive: true });
      if (keyword === "COPY") copy(instruction, here, roots);
      if (keyword !== "RUN" || isLast) continue;
      console.log(`RUN ${text}`);
      if (spawnSync("sh", ["-c", text], { cwd: here, env, stdio: "inherit" }).status !== 0)
        throw new Error(`failed: ${text}`);
    }
  }
  return here;
}

try {
  copyCommitted();
  const program = join(playStages(), "cli/drydock.cjs");
  const version = execFileSync(process.execPath, [program, "--version"], { encoding: "utf8", cwd: "/" });
  const certify = spawnSync(process.execPath, [program, "certify", "http://127.0.0.1:1"], {
    encoding: "utf8",
    cwd: "/",
  });
  console.log(`version ${version.trim()}; certify: ${certify.stderr.trim()}`);
  process.exitCode = certify.status === 2 && certify.stderr.includes("[unreachable]") ? 0 : 1;
} finally {
  if (keep === true) console.log(folder);
  else rmSync(folder, { recursive: true, force: true });
}
