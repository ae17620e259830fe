import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { openFailingSeeds } from "./failing-seeds.ts";
import { replay, type RunOptions, runUntil } from "./run.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));
const BUG = "leak-volume-after-failed-deploy";
const version = "0.0.0";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "drydock-run-"));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a command prints, and the exit code that it answers with. */
async function printed(command: () => Promise<number>): Promise<{ readonly code: number; readonly out: string }> {
  let out = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const code = await command();
  vi.restoreAllMocks();
  return { code, out };
}

const run = (name: string, options: RunOptions): Promise<number> =>
  runUntil(new AbortController().signal, name, options);

const inFolder = (name: string): string => join(folder, name);

interface Line {
  readonly seed: number;
  readonly verdict: string;
  readonly digest: string;
}

const linesOf = (out: string): readonly Line[] =>
  out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

describe("run --json", () => {
  it("prints a line a seed, with the same digest in each process whichever seeds ran before, and keeps reports", async () => {
    const args = [main, "run", "provisioning", "--seeds", "2", "--json", "--out", "report"];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    const [first, second] = linesOf(stdout);
    expect(first).toEqual({ seed: 1, verdict: "pass", digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(second).toMatchObject({ seed: 2, verdict: "pass" });
    expect(readdirSync(join(folder, "report"))).toEqual(
      expect.arrayContaining(["run.jsonl", "junit.xml", "report.json", "report.html"]),
    );
    const options = { seeds: 1, from: 2, json: true, out: inFolder("alone"), version };
    expect(linesOf((await printed(() => run("provisioning", options))).out)).toEqual([second]);
    const again = await printed(() => replay("provisioning", { seed: 1, json: true }));
    expect(linesOf(again.out)).toEqual([first]);
  }, 300_000);

  it("says what it does not know", async () => {
    const options = { seeds: 1, from: 1, version };
    await expect(run("nothing", options)).rejects.toThrow("there is no scenario nothing (CLI_UNKNOWN_SCENARIO");
    const planted = run("provisioning", { ...options, plantedBug: "nothing", out: inFolder("nothing") });
    await expect(planted).rejects.toThrow(`--planted-bug nothing: there is ${BUG}`);
    expect((await printed(() => run("", { ...options, list: true }))).out).toContain("provisioning");
  });
});

describe("seeds that failed", () => {
  it("are kept by what they failed on, until they pass", () => {
    const at = join(folder, "kept");
    const kept = openFailingSeeds(at, "a");
    expect(kept.seeds).toEqual([]);
    kept.note(3, true);
    expect(existsSync(at)).toBe(false);
    for (const seed of [7, 3]) kept.note(seed, false);
    expect(openFailingSeeds(at, "a").seeds).toEqual([7, 3]);
    expect(openFailingSeeds(at, "b").seeds).toEqual([]);
    openFailingSeeds(at, "b").note(1, false);
    openFailingSeeds(at, "a").note(7, true);
    expect(openFailingSeeds(at, "a").seeds).toEqual([3]);
    expect(openFailingSeeds(at, "b").seeds).toEqual([1]);
  });

  it("come first the next time", async () => {
    const out = inFolder("first");
    openFailingSeeds(out, "provisioning").note(5, false);
    const ended = await printed(() => run("provisioning", { seeds: 1, from: 1, json: true, out, version }));
    expect(linesOf(ended.out).map(({ seed }) => seed)).toEqual([5, 1]);
    expect(openFailingSeeds(out, "provisioning").seeds).toEqual([]);
  }, 120_000);

  it("fail the run, with the steps and one line that replays them", async () => {
    const options = { seeds: 1, from: 3, plantedBug: BUG, out: inFolder("planted"), version };
    const ended = await printed(() => run("provisioning", options));
    expect(ended.code).toBe(1);
    const line = /replay +npx drydock replay provisioning --seed 3 --path "([\d:]+)" --planted-bug (\S+)/.exec(
      ended.out,
    );
    const [, path = "", plantedBug = ""] = line ?? [];
    const again = await printed(() => replay("provisioning", { seed: 3, path, plantedBug }));
    expect(again).toMatchObject({
      code: 1,
      out: expect.stringMatching(/is left although its service instance is no more/),
    });
    expect((await printed(() => replay("provisioning", { seed: 3, path }))).code).toBe(0);
  }, 300_000);
});
