/** A minor version of the Open Service Broker API: 17 stands for 2.17. */
export type SpecMinor = 11 | 12 | 13 | 14 | 15 | 16 | 17;

/** Every minor version that the suites know, oldest first. */
export const SPEC_MINORS: readonly SpecMinor[] = [11, 12, 13, 14, 15, 16, 17];

/** The newest minor version that the suites know. */
export const NEWEST_MINOR: SpecMinor = 17;
