import { emptyList } from "./read-only.ts";

/** `/v2.0/availability_zones`: those of agents, so there are none. */
export const AVAILABILITY_ZONE_ROUTES = [emptyList("availability_zones", "availability_zones")];
