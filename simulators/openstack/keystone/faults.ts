import type { FaultPoint } from "../../kernel/index.ts";

/**
 * Fault points of Keystone's own work, besides those of its routes: none. Keystone does everything within the request, so
 * the points of its routes (`keystone:POST /v3/auth/tokens` …) are all the places at which it can fail.
 */
export const FAULT_POINTS: readonly FaultPoint[] = [];
