import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "drydock-vitest-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RUN_MS_MAX = 120_000;
const VITEST = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const here = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly title: string;
    readonly ancestorTitles: readonly string[];
    readonly status: string;
    readonly failureMessages: readonly string[];
  }[];
}

interface VitestReport {
  readonly testResults: readonly FileResult[];
}

/** Options of `describeConformance`, each in a test file of its own. */
const FILES = {
  narrowed: `title: "my broker", only: ["catalog-*"]`,
  unexercised: `suites: [backupSuite]`,
  misspelt: `only: ["catalog-20"]`,
} as const;

function sourceOf(options: string): string {
  return `
    import { backupSuite } from ${here("./suites/backup/suite.ts")};
    import { createMemoryBroker } from ${here("./osb/memory-broker/broker.ts")};
    import { asFetch } from ${here("./osb/memory-broker/http.ts")};
    import { describeConformance } from ${here("./vitest.ts")};
    const login = { url: "http://127.0.0.1:1", username: "drydock", password: "conformance", profile: "osb-2.17" };
    const broker = createMemoryBroker();
    await describeConformance({ ...login, fetch: asFetch(broker.handle), ${options} });`;
}

let vitestReport: VitestReport;

/** The results of a vendor's own vitest for test files that describe the conformance of the in-memory broker. */
beforeAll(() => {
  for (const [name, options] of Object.entries(FILES))
    writeFileSync(join(folder, `${name}.test.ts`), sourceOf(options));
  const out = join(folder, "out.json");
  const args = [VITEST, "run", "--root", folder, "--reporter", "json", "--outputFile", out];
  // Otherwise the inner run takes itself for a worker of the outer one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST")));
  const { stderr } = spawnSync(process.execPath, args, { encoding: "utf8", cwd: folder, timeout: RUN_MS_MAX, env });
  if (!existsSync(out)) throw new Error(stderr);
  vitestReport = JSON.parse(readFileSync(out, "utf8")) as VitestReport;
}, RUN_MS_MAX);

function resultOf(name: keyof typeof FILES): FileResult {
  const result = vitestReport.testResults.find((each) => each.name.endsWith(`${name}.test.ts`));
  if (result === undefined) throw new Error(`vitest says nothing of ${name}`);
  return result;
}

it("names in its heading the part of the suite that is run, and the filter", () => {
  const { status, assertionResults } = resultOf("narrowed");
  expect(status).toBe("passed");
  expect(assertionResults[0]?.ancestorTitles.at(-1)).toMatch(/^my broker \(7 of \d+ checks; --only catalog-\*\)$/);
});

it("fails if nothing of a suite could be exercised, though all of its tests are skipped", () => {
  const failed = resultOf("unexercised").assertionResults.filter(({ status }) => status === "failed");
  expect(failed.map(({ title }) => title)).toEqual(["backup: something was exercised"]);
  expect(failed[0]?.failureMessages.join()).toContain("nothing of the suite backup could be exercised");
});

it("refuses an unknown check", () => {
  expect(resultOf("misspelt")).toMatchObject({
    status: "failed",
    message: expect.stringContaining("no such check: "),
  });
});
