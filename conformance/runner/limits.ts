/** Checks side by side, unless the caller says otherwise. */
export const JOBS = 64;
/** Service instances at once, unless the caller says otherwise. */
export const INSTANCES_AT_ONCE = 48;
/** Requests at once: as few as a broker that answers one after the other can bear. */
export const REQUESTS_AT_ONCE = 4;
