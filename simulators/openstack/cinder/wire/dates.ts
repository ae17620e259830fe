import { storedTime } from "../../time.ts";

/** A time (ms since the Unix epoch) as later reads show it; null if there is none. */
export const storedTimeOrNull = (ms: number | null): string | null => (ms === null ? null : storedTime(ms));
