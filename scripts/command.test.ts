import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { InvalidArgumentError } from "commander";
import { describe, expect, it, vi } from "vitest";
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

/** Stands for the end of the process that a script asks for. */
class Ended extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`ended with exit code ${status}`);
    this.status = status;
  }
}

/** Runs a script in this process, up to where it ends the process: no process is started, and imports are loaded only once. */
async function run(file: string, option: string) {
  const printed = { stdout: "", stderr: "" };
  const argv = process.argv;
  process.argv = [process.execPath, file, option];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => (printed.stdout += String(text)) !== "");
  vi.spyOn(process.stderr, "write").mockImplementation((text) => (printed.stderr += String(text)) !== "");
  vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Ended(Number(code ?? 0));
  });
  try {
    await import(`${ROOT}${file}?${option}`);
    throw new Error(`${file} went on after ${option}`);
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    return { status: error.status, ...printed };
  } finally {
    vi.restoreAllMocks();
    process.argv = argv;
  }
}

describe("a script that npm runs", () => {
  it("is found in package.json", () => {
    expect(files.size).toBeGreaterThan(8);
  });

  it.each([...files])("prints its options with --help, and does nothing else: %s", async (file) => {
    const { status, stdout, stderr } = await run(file, "--help");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Usage: npm run [\w:-]+ -- [^]*Options:\n/);
  });

  it.each([...files])("refuses an option that it does not have in one line, with exit code 2: %s", async (file) => {
    const { status, stdout, stderr } = await run(file, "--no-such-option");
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^error: unknown option '--no-such-option'\n$/);
  });

  it("ends the process after its output", () => {
    const { status, stdout } = spawnSync(process.execPath, ["scripts/tidy/index.ts", "--help"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: npm run tidy -- /);
  });
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
