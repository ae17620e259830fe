import { existsSync } from "node:fs";
import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { PACKAGE_NAME } from "../conformance/runner/tool.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { UserError } from "./errors.ts";

/** Whether this is a file rather than the name of a scenario. */
export const isFile = (name: string): boolean => /^[./]|\.[mc]?[jt]s$/.test(name);

const isScenario = (value: unknown): value is Scenario =>
  typeof value === "object" &&
  value !== null &&
  "name" in value &&
  typeof value.name === "string" &&
  "prepare" in value &&
  typeof value.prepare === "function" &&
  "plantedBugs" in value &&
  Array.isArray(value.plantedBugs);

/** The file gets this very library, whichever is installed beside it, so that its errors are recognised. */
function shareLibrary(): () => void {
  const library = new URL(import.meta.url.endsWith(".ts") ? "../index.ts" : "../index.js", import.meta.url).href;
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === PACKAGE_NAME ? { url: library, shortCircuit: true } : next(specifier, context),
  });
  return () => hooks.deregister();
}

/**
 * Loads a scenario of a user's own from a file, which exports it as its default.
 *
 * @throws UserError CLI_NO_FILE, CLI_BAD_SCENARIO
 */
export async function loadScenario(file: string): Promise<Scenario> {
  const path = resolve(file);
  if (!existsSync(path)) throw new UserError("CLI_NO_FILE", `${file}: no such file`);
  const stop = shareLibrary();
  try {
    const loaded: { readonly default?: unknown } = await import(pathToFileURL(path).href);
    if (isScenario(loaded.default)) return loaded.default;
    throw new UserError("CLI_BAD_SCENARIO", `${file}: its default export is not a scenario`);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError("CLI_BAD_SCENARIO", `${file}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    stop();
  }
}
