import { relative } from "node:path";
import { defineConfig, mergeConfig } from "vitest/config";
import base from "../../vitest.config.ts";
import { plant, SLIP_VARIABLE } from "./slip.ts";
import { SLIPS } from "./slips.ts";

const slip = SLIPS.find(({ id }) => id === process.env[SLIP_VARIABLE]);
if (slip === undefined) throw new Error(`${SLIP_VARIABLE} names no slip`);

/** Runs the tests of a slip, which is planted as modules are loaded: the files on disk stay as they are. */
export default mergeConfig(
  base,
  defineConfig({
    // No cache of transformed modules, because the same file differs from slip to slip.
    test: { maxWorkers: 1, bail: 1, fsModuleCache: false },
    plugins: [
      {
        name: "slip",
        enforce: "pre",
        transform: (text, id) =>
          relative(process.cwd(), id.split("?")[0] ?? "") === slip.file ? plant(slip, text) : undefined,
      },
    ],
  }),
);
