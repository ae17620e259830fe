import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { UserError } from "./errors.ts";

/** Seeds that failed, by the subject on which they failed; next time they run first. */
export interface FailingSeeds {
  readonly seeds: readonly number[];
  /** Records how a seed ended, at once in the file. */
  note(seed: number, hasPassed: boolean): void;
}

const SeedsFile = Type.Object({
  v: Type.Literal(1),
  seeds: Type.Record(Type.String(), Type.Array(Type.Integer())),
});
type SeedsFile = Static<typeof SeedsFile>;

const seedsFile = Compile(SeedsFile);

const NAME = "failing-seeds.json";

function readFile(path: string): SeedsFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return { v: 1, seeds: {} };
  }
  const file = parseFile(text);
  if (file === undefined) throw new UserError("CLI_CAN_NOT_WRITE", `${path} is not a list of seeds; remove it`);
  return file;
}

function parseFile(text: string): SeedsFile | undefined {
  try {
    const file: unknown = JSON.parse(text);
    return seedsFile.Check(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Opens the list in a folder, which is created once there is something to record.
 *
 * @param subject what the seeds are of: the scenario, and the planted bug if there is one
 * @throws UserError CLI_CAN_NOT_WRITE
 */
export function openFailingSeeds(folder: string, subject: string): FailingSeeds {
  const path = join(folder, NAME);
  const file = readFile(path);
  const seeds = new Set(file.seeds[subject] ?? []);
  const write = (): void => {
    const text = `${JSON.stringify({ v: 1, seeds: { ...file.seeds, [subject]: [...seeds] } })}\n`;
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.part`, text);
      renameSync(`${path}.part`, path);
    } catch (error) {
      throw new UserError("CLI_CAN_NOT_WRITE", error instanceof Error ? error.message : String(error));
    }
  };
  return {
    seeds: [...seeds],
    note(seed, hasPassed) {
      if (seeds.has(seed) === !hasPassed) return;
      if (hasPassed) seeds.delete(seed);
      else seeds.add(seed);
      write();
    },
  };
}
