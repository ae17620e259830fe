import { listOfOwn, refusedCreation } from "./read-only.ts";

/** `/v2.0/segments`: none, and none can be created. */
export const SEGMENT_ROUTES = [listOfOwn("segments", "segments"), refusedCreation("segments")];
