import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InvalidArgumentError } from "commander";
import { afterAll, describe, expect, it } from "vitest";
import { pattern, share, wholeNumber } from "./command.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8"));
/** The files in scripts/ and bench/ that npm scripts end with, each once. */
const files = new Set(
  Object.values(scripts).flatMap((line) =>
    (/&& node .*?((?:scripts|bench)\/\S+\.ts)(?: --check)?$/.exec(line) ?? []).slice(1),
  ),
);
files.delete("scripts/borders.ts");

/** What one script has compiled, the next need not. */
const NODE_COMPILE_CACHE = mkdtempSync(join(tmpdir(), "scripts-"));
afterAll(() => rmSync(NODE_COMPILE_CACHE, { recursive: true }));

const run = (file: string, option: string) =>
  spawnSync(process.execPath, [...(file.startsWith("bench/") ? ["--expose-gc"] : []), file, option], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, NODE_COMPILE_CACHE },
  });

describe("a script that npm runs", () => {
  it("is found in package.json", () => {
    expect(files.size).toBeGreaterThan(8);
  });

  it.each([...files])("prints its options with --help, and does nothing else: %s", (file) => {
    const { status, stdout, stderr } = run(file, "--help");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Usage: npm run [\w:-]+ -- [^]*Options:\n/);
  });

  // All read their options by one function; two of them show how.
  it.each([...files].slice(0, 2))(
    "refuses an option that it does not have in one line, with exit code 2: %s",
    (file) => {
      const { status, stdout, stderr } = run(file, "--no-such-option");
      expect([status, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(/^error: unknown option '--no-such-option'\n$/);
    },
  );
});

describe("an option", () => {
  it.each(["0", "-1", "1.5", "", "x", "1e30"])("that is a whole number from 1 can't be %j", (text) => {
    expect(() => wholeNumber(1)(text)).toThrow(InvalidArgumentError);
  });

  it.each(["-0.1", "1.1", "", "x"])("that is a share can't be %j", (text) => {
    expect(() => share(text)).toThrow(InvalidArgumentError);
  });

  it("that is a pattern must be a regular expression", () => {
    expect(() => pattern("(")).toThrow(InvalidArgumentError);
    expect(pattern("^bind-")).toEqual(/^bind-/);
  });

  it("is read as a number", () => {
    expect([wholeNumber(1)("12"), share("0.3")]).toEqual([12, 0.3]);
  });
});
