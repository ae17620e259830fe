import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { PACKAGE_NAME } from "./conformance/runner/tool.ts";

// Tests start many processes of this house, each of which would strip and compile the same files again.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "drydock-compile-cache");

/** Files that start processes and clouds, or replay recordings: short texts, and the longest tests. */
const LONG = /\/(?:scenarios|cli|live|parity|local)\//;

/** Long files first, so that at the end no worker is alone with one. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  // Examples import the package by its name, as a vendor does.
  resolve: { alias: { [PACKAGE_NAME]: fileURLToPath(new URL("index.ts", import.meta.url)) } },
  test: {
    include: ["{cli,reports,scenarios,conformance,broker,simulators,bench,scripts,examples}/**/*.test.ts"],
    isolate: false,
    pool: "forks",
    sequence: { sequencer: LongFirst },
    // One more than the two processors of a small machine: many tests wait for servers and processes that they have started.
    maxWorkers: 3,
    // A bound for what hangs, not a measure of speed: many tests start processes, on machines that are busy.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 120_000 } },
    reporters: ["default"],
  },
});
