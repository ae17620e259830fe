/** `2026-11-22T08:47:19Z`: a time in ms since the Unix epoch, as ISO 8601 in whole seconds, rounded down. */
export const isoSeconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** `2026-11-22T08:47:19.123000`: the same with six digits of a second and no zone, as Python prints it. */
export const isoMicroseconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 23)}000`;
