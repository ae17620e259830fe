/** A time in the form of the director's JSON: `2026-01-02 03:04:05 UTC`. */
export const utc = (ms: number): string => `${new Date(ms).toISOString().replace("T", " ").slice(0, 19)} UTC`;
