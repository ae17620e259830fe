import { emptyList, refusedCreation } from "./read-only.ts";

/** `/v2.0/flavors` and `/v2.0/service_profiles` of network services: none, and none can be created. */
export const FLAVOR_ROUTES = [
  emptyList("flavors", "flavors"),
  emptyList("service_profiles", "service_profiles"),
  refusedCreation("flavors"),
];
