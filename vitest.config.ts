import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { PACKAGE_NAME } from "./conformance/runner/tool.ts";

// Tests start many processes of this house, each of which would strip and compile the same files again.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "drydock-compile-cache");

export default defineConfig({
  // Examples import the package by its name, as a vendor does.
  resolve: { alias: { [PACKAGE_NAME]: fileURLToPath(new URL("index.ts", import.meta.url)) } },
  test: {
    include: ["{cli,reports,scenarios,conformance,broker,simulators,bench,scripts,examples}/**/*.test.ts"],
    isolate: false,
    pool: "forks",
    maxWorkers: 2,
    // A bound for what hangs, not a measure of speed: many tests start processes, on machines that are busy.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 120_000 } },
    reporters: ["default"],
  },
});
