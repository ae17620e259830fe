/** A real browser for the tests of the page, where one can be had. */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "@playwright/test";

/** A generous limit, for busy machines. */
const START_MS_MAX = 240_000;

interface Executable {
  readonly path: string;
  readonly env?: Record<string, string>;
}

/**
 * The Chromium of the npm package. It brings the libraries that a bare machine lacks, but unpacks them only on Lambda; during the call the
 * environment claims to be Lambda.
 */
async function findPackagedChromium(): Promise<Executable> {
  const before = process.env["AWS_EXECUTION_ENV"];
  process.env["AWS_EXECUTION_ENV"] = "AWS_Lambda_nodejs24.x";
  try {
    const { default: sparticuz } = await import("@sparticuz/chromium");
    const path = await sparticuz.executablePath();
    const libraries = join(tmpdir(), "al2023", "lib");
    return { path, ...(existsSync(libraries) ? { env: { LD_LIBRARY_PATH: libraries } } : {}) };
  } finally {
    if (before === undefined) delete process.env["AWS_EXECUTION_ENV"];
    else process.env["AWS_EXECUTION_ENV"] = before;
  }
}

/** Starts the executable that DRYDOCK_CHROMIUM names, by default that of the npm package. Throws if the browser does not start. */
export async function launchBrowser(): Promise<Browser> {
  const named = process.env["DRYDOCK_CHROMIUM"];
  const { path, env } = named === undefined ? await findPackagedChromium() : { path: named };
  return chromium.launch({
    executablePath: path,
    args: ["--no-sandbox"],
    timeout: START_MS_MAX,
    ...(env === undefined ? {} : { env: { ...process.env, ...env } as Record<string, string> }),
  });
}
