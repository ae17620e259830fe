import { statSync } from "node:fs";
import { join } from "node:path";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { replaceFile } from "../write.ts";
import { checkSubmission, type CheckedSubmission, type RegistryOptions } from "./check.ts";
import { RegistryError } from "./errors.ts";
import { indexData, indexEntries, indexPage } from "./index-page.ts";
import { LAYOUT, listSubmissions, readPlainFile } from "./layout.ts";

export { REGISTRY_ERRORS, RegistryError } from "./errors.ts";

/** The result of checking a registry. */
export interface CheckedRegistry {
  readonly submissions: readonly CheckedSubmission[];
  /** The objections to the registry itself, each in one line. */
  readonly faults: readonly string[];
  /** The text of the files generated from its submissions, by name. */
  readonly index: Readonly<Record<string, string>>;
}

const knownSuites = Compile(Type.Record(Type.String(), Type.Record(Type.String(), Type.String())));

/** The digests of suites that a registry knows; none without such a file. */
function readKnownSuites(dir: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const text = readPlainFile(dir, LAYOUT.suites)?.toString("utf8");
  if (text === undefined) return {};
  try {
    const found: unknown = JSON.parse(text);
    if (knownSuites.Check(found)) return found;
  } catch (cause) {
    throw new RegistryError("REGISTRY_BAD_SUITES", `${LAYOUT.suites} is not JSON`, { cause });
  }
  throw new RegistryError("REGISTRY_BAD_SUITES", `${LAYOUT.suites} has another form`);
}

/**
 * Verifies each submission of a registry again, and compares the index with what it must be.
 *
 * @throws RegistryError REGISTRY_NOT_FOUND, REGISTRY_BAD_SUITES
 */
export function checkRegistry(dir: string, options: RegistryOptions): CheckedRegistry {
  const isFolder = (name: string) => statSync(join(dir, name), { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder(LAYOUT.submissions))
    throw new RegistryError("REGISTRY_NOT_FOUND", `${dir} holds no ${LAYOUT.submissions}`);
  const { places, misplaced } = listSubmissions(dir);
  const withSuites = { knownSuites: readKnownSuites(dir), ...options };
  const submissions = places.map((place) => checkSubmission(dir, place, withSuites));
  const entries = indexEntries(submissions);
  const index = { [LAYOUT.page]: indexPage(entries), [LAYOUT.data]: indexData(entries) };
  const stale = Object.entries(index)
    .filter(([name, text]) => readPlainFile(dir, name)?.toString("utf8") !== text)
    .map(([name]) => `${name} is not up to date; drydock registry index ${dir} writes it`);
  const strays = misplaced.map(
    (path) => `${path} does not belong there: submissions/VENDOR/PRODUCT/VERSION, in lower case`,
  );
  return { submissions, faults: [...strays, ...stale], index };
}

/** Writes the index of a registry. @throws RegistryError REGISTRY_CANNOT_WRITE */
export function writeIndex(dir: string, { index }: Pick<CheckedRegistry, "index">): void {
  try {
    for (const [name, text] of Object.entries(index)) replaceFile(join(dir, name), text);
  } catch (cause) {
    throw new RegistryError("REGISTRY_CANNOT_WRITE", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
