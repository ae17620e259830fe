/** One line of our own code changed so that a documented behaviour breaks. Some test of its own area has to notice. */
export interface Slip {
  /** Unique, in words with hyphens. */
  readonly id: string;
  /** The behaviour that it breaks, in words. */
  readonly breaks: string;
  /** From the root of the repository. */
  readonly file: string;
  /** What stands there exactly once, and what stands there instead. */
  readonly from: string;
  readonly to: string;
  /** Filters of test files, as vitest takes them: the tests of the area, not the whole house. */
  readonly tests: readonly string[];
}

/** Environment variable that names the slip which the vitest of a run plants. */
export const SLIP_VARIABLE = "DRYDOCK_SLIP";

/**
 * The text of a file with a slip planted.
 *
 * @throws Error when what it replaces is not there, or more than once
 */
export function plant(slip: Slip, text: string): string {
  const places = text.split(slip.from).length - 1;
  if (places !== 1) throw new Error(`slip ${slip.id}: its text stands ${places} times in ${slip.file}, not once`);
  return text.replace(slip.from, () => slip.to);
}
