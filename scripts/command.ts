import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";

/** The path of a file of ours. @param path as seen from the scripts */
export const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const EXIT_USAGE = 2;

/**
 * Makes the command line of a script. `--help` prints what the script does and its options, with their defaults; a wrong option
 * or argument is explained on standard error and ends the process with exit code 2.
 *
 * @param line the command that runs the script, such as `npm run fuzz --`
 */
export const scriptCommand = (line: string, description: string): Command =>
  new Command(line)
    .description(description)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE));

/** Makes a parser of options that are whole numbers, `min` or more. */
export const wholeNumber =
  (min: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < min)
      throw new InvalidArgumentError(`It must be a whole number from ${min}.`);
    return value;
  };

/** Parses a regular expression. */
export function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError("It must be a regular expression.");
  }
}

/** Parses an option that is a share: a number from 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError("It must be a number from 0 to 1.");
  return value;
}
