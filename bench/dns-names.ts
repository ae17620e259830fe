/** The name of a node of the benchmarks, and its address. */
export const benchNode = (at: number): string => `bench-${at}`;

/** As above. */
export const benchAddress = (at: number): string => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`;
