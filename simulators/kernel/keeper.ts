/** Something that came in from outside, at its time in ms since the Unix epoch; without `kind`, only that time has passed until then. */
export interface KeptInput {
  readonly atMs: number;
  readonly kind?: string;
  /** Plain data. */
  readonly data?: unknown;
}

/** Writes down what enters a world before it is handled, so that the world can be made again from it. */
export interface Keeper {
  /** @throws Error when it can't be kept; the input is then not handled */
  keep(input: KeptInput): void;
}
