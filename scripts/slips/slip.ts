/** A one-line change of our own code that breaks a documented behaviour. Some test of its area must notice it. */
export interface Slip {
  /** Unique, in words with hyphens. */
  readonly id: string;
  /** The documented behaviour that it breaks, as a statement of the correct behaviour. */
  readonly breaks: string;
  /** Relative to the root of the repository. */
  readonly file: string;
  /** The text that occurs in the file exactly once, and the text that replaces it. */
  readonly from: string;
  readonly to: string;
  /** Filters of test files, as vitest accepts them: those of the area, not of the whole repository. */
  readonly tests: readonly string[];
  /** Whether these tests walk everything, as in `npm run unit:whole`, since a slice may pass the slip by. Default: false. */
  readonly isWhole?: boolean;
}

/** The environment variable that names the slip to plant. */
export const SLIP_VARIABLE = "DRYDOCK_SLIP";

/**
 * Plants a slip in the text of its file, and returns the new text.
 *
 * @throws Error unless the text that it replaces occurs exactly once
 */
export function plant(slip: Slip, text: string): string {
  const places = text.split(slip.from).length - 1;
  if (places !== 1) throw new Error(`slip ${slip.id}: its text stands ${places} times in ${slip.file}, not once`);
  return text.replace(slip.from, () => slip.to);
}
