import { SUITES } from "../conformance/suites/suites.ts";
import { checkRegistry, type CheckedRegistry, writeIndex } from "../reports/registry/index.ts";
import { EXIT } from "./errors.ts";

/** The options of `registry`. */
interface RegistryCommandOptions {
  readonly waivers?: boolean;
  readonly json?: boolean;
  readonly version: string;
}

function lines({ submissions, faults }: CheckedRegistry): readonly string[] {
  const wrong = submissions.flatMap(({ place, faults: own }) => own.map((fault) => `✗ ${place.path}: ${fault}`));
  const notes = submissions.flatMap(({ place, notes: own }) => own.map((note) => `  ${place.path}: ${note}`));
  const sound = submissions.filter((each) => each.faults.length === 0).length;
  return [
    ...wrong,
    ...faults.map((fault) => `✗ ${fault}`),
    ...notes,
    `${sound} of ${submissions.length} submissions hold`,
  ];
}

function load(dir: string, { waivers, version }: RegistryCommandOptions): CheckedRegistry {
  return checkRegistry(dir, { nowMs: Date.now(), suites: Object.values(SUITES), version, waivers });
}

function print(found: CheckedRegistry, json: boolean | undefined): void {
  const { submissions, faults } = found;
  const listed = submissions.map(({ place, faults: own, notes }) => ({ ...place, faults: own, notes }));
  console.log(json === true ? JSON.stringify({ submissions: listed, faults }) : lines(found).join("\n"));
}

/** `drydock registry check DIR`: verifies every submission again. Returns the exit code: 1 if something does not hold. @throws RegistryError */
export async function checkCommand(dir: string, options: RegistryCommandOptions): Promise<number> {
  const found = load(dir, options);
  print(found, options.json);
  const isSound = found.faults.length === 0 && found.submissions.every(({ faults }) => faults.length === 0);
  return isSound ? EXIT.ok : EXIT.notConformant;
}

/** `drydock registry index DIR`: writes the index of the submissions that hold. Returns the exit code: 1 if one does not. @throws RegistryError */
export async function indexCommand(dir: string, options: RegistryCommandOptions): Promise<number> {
  writeIndex(dir, load(dir, options));
  return checkCommand(dir, options);
}
