import { emptyList, refusedCreation } from "./read-only.ts";

/** `/v2.0/segments`: none, and none can be created. */
export const SEGMENT_ROUTES = [emptyList("segments", "segments"), refusedCreation("segments")];
