import { isoMicros } from "../../time.ts";

/** What a creation answers has parts of a second, later readings have not. */
export const isoMillis = (ms: number): string => `${new Date(ms).toISOString().slice(0, 23)}000`;
/** As later readings show a time: without parts of a second, null where there is none. */
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : isoMicros(ms));
