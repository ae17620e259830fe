/** Something that came in from outside, at its time in ms since the Unix epoch; without `kind`, only that time has passed until then. */
export interface KeptInput {
  readonly atMs: number;
  readonly kind?: string;
  /** Plain data. */
  readonly data?: unknown;
}

/** Records the inputs of a world before they are handled, so that the world can be restored from them. */
export interface Keeper {
  /** @throws Error if it can't be kept; the input is then not handled */
  keep(input: KeptInput): void;
}
