import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{cli,reports,scenarios,conformance,broker,simulators,bench,scripts,examples}/**/*.test.ts"],
    isolate: false,
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ["default"],
  },
});
