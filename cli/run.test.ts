import { INVOCATION } from "../conformance/runner/tool.ts";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { openFailingSeeds } from "./failing-seeds.ts";
import type { Scenario, SeedResult } from "../scenarios/scenario.ts";
import { replay, run as runCommand, type RunOptions, runScenario } from "./run.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));
const BUG = "leak-volume-after-failed-deploy";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "drydock-run-"));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The output of a command, and its exit code. */
async function outputOf(command: () => Promise<number>): Promise<{ readonly code: number; readonly out: string }> {
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

const run = (scenario: Scenario, options: Omit<RunOptions, "version">): Promise<{ code: number; out: string }> =>
  outputOf(() => runScenario(scenario, { ...options, version: "0.0.0" }, new AbortController().signal));

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
  it("prints a line per seed, with the same digest in each process whichever seeds ran before, and writes reports", async () => {
    const args = [main, "run", "provisioning", "--seeds", "2", "--json", "--out", "report"];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    const [first, second] = linesOf(stdout);
    expect(first).toEqual({ seed: 1, verdict: "pass", digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(second).toMatchObject({ seed: 2, verdict: "pass" });
    expect(readdirSync(join(folder, "report"))).toEqual(
      expect.arrayContaining(["run.jsonl", "junit.xml", "report.json", "report.html"]),
    );
    // Here, in another process, no seed ran before it.
    const again = await outputOf(() => replay("provisioning", { seed: 2, json: true }));
    expect(linesOf(again.out)).toEqual([second]);
  });
});

/** A scenario that fails on these seeds. */
const fragile = (...failing: readonly number[]): Scenario => {
  const result = (seed: number): SeedResult => ({
    seed,
    verdict: failing.includes(seed) ? "fail" : "pass",
    digest: "d".repeat(64),
    steps: 3,
    ...(failing.includes(seed) && {
      reason: "a volume is left",
      counterexample: { steps: ["provision", "pass"], path: "0:1:2" },
    }),
  });
  return {
    name: "fragile",
    description: "breaks",
    plantedBugs: [BUG],
    pairs: [],
    prepare: async () => ({ run: async (seed) => result(seed), replay: async (seed) => result(seed) }),
  };
};

describe("run", () => {
  it("ends with 1 when a seed fails, and prints the steps and the line that replays them", async () => {
    const held = await run(fragile(), { seeds: 3, from: 1, out: inFolder("held") });
    expect(held).toMatchObject({ code: 0, out: expect.stringContaining("3 passed") });
    const failed = await run(fragile(2), { seeds: 3, from: 1, plantedBug: BUG, out: inFolder("failed") });
    expect(failed.code).toBe(1);
    for (const text of [
      "fragile, seed 2  a volume is left",
      "1. provision",
      "2. pass",
      `${INVOCATION} replay fragile --seed 2 --path "0:1:2" --planted-bug ${BUG}`,
    ])
      expect(failed.out).toContain(text);
  });

  it("ends with 2 if a seed reaches no conclusion and none fails, with 1 if one fails", async () => {
    const crasher = (failing: boolean): Scenario => {
      const result = (seed: number): SeedResult => ({
        seed,
        verdict: failing && seed === 2 ? "fail" : "unknown",
        digest: "d".repeat(64),
        steps: 1,
        reason: "the scenario crashed",
      });
      const play = async (seed: number): Promise<SeedResult> => result(seed);
      return { ...fragile(), name: "torn", prepare: async () => ({ run: play, replay: play }) };
    };
    expect((await run(crasher(false), { seeds: 2, from: 1, out: inFolder("torn") })).code).toBe(2);
    expect((await run(crasher(true), { seeds: 2, from: 1, out: inFolder("torn-and-failed") })).code).toBe(1);
  });

  it("ends with 2 if the scenario exercised nothing", async () => {
    const idle: Scenario = { ...fragile(), name: "idle", pairs: ["a × b × c"] };
    const { code, out } = await run(idle, { seeds: 1, from: 1, coverage: true, out: inFolder("idle") });
    expect({ code, out }).toEqual({ code: 2, out: expect.stringContaining("0 of 1 met; never: a × b × c") });
  });

  it.each([
    [0, "is found", BUG],
    [2, "is not found", "a bug that nothing finds"],
  ])("ends a campaign with %i if its canary %s", async (code, _what, canary) => {
    const found: Scenario = {
      ...fragile(),
      name: `canary-${code}`,
      canary,
      prepare: async ({ plantedBug }) => fragile(...(plantedBug === BUG ? [3] : [])).prepare({}),
    };
    expect((await run(found, { seeds: 100, from: 1, json: true, out: inFolder(`canary-${code}`) })).code).toBe(code);
  });

  it("ends with 130 if it is interrupted", async () => {
    const options = { seeds: 1, from: 1, version: "0.0.0", out: inFolder("interrupted") };
    const interrupted = await outputOf(() => runScenario(fragile(), options, AbortSignal.abort()));
    expect(interrupted.code).toBe(130);
  });

  it("names what is unknown", async () => {
    const options = { seeds: 1, from: 1, version: "0.0.0" };
    const unknown = replay("nothing", { seed: 1 });
    await expect(unknown).rejects.toThrow("there is no scenario nothing (CLI_UNKNOWN_SCENARIO");
    const planted = run(fragile(), { ...options, plantedBug: "nothing", out: inFolder("nothing") });
    await expect(planted).rejects.toThrow(`--planted-bug nothing: there is ${BUG}`);
    expect((await outputOf(() => runCommand("", { ...options, list: true }))).out).toContain("provisioning");
  });
});

describe("seeds that failed", () => {
  it("are kept by subject until they pass", () => {
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

  it("are played first the next time, each once, until they pass", async () => {
    const out = inFolder("first");
    const seedsOf = async (scenario: Scenario, from: number): Promise<readonly number[]> =>
      linesOf((await run(scenario, { seeds: 3, from, json: true, out })).out).map(({ seed }) => seed);
    expect(await seedsOf(fragile(2, 3), 1)).toEqual([1, 2, 3]);
    expect(await seedsOf(fragile(3), 3)).toEqual([2, 3, 4, 5]);
    expect(await seedsOf(fragile(), 8)).toEqual([3, 8, 9, 10]);
    expect(openFailingSeeds(out, "fragile").seeds).toEqual([]);
  });
});
