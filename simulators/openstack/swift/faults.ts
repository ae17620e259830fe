import type { FaultPoint } from "../../kernel/index.ts";

/**
 * Fault points of Swift's own work, beside those of its routes: none. Swift does everything within the request, so the points of
 * its routes (`swift:PUT /v1/:account/:container/*object` …) are all the places at which it can fail.
 */
export const FAULT_POINTS: readonly FaultPoint[] = [];
