import { listOfOwn, refusedCreation } from "./read-only.ts";

/** `/v2.0/flavors` and `/v2.0/service_profiles` of network services: none, and none can be created. */
export const FLAVOR_ROUTES = [
  listOfOwn("flavors", "flavors"),
  listOfOwn("service_profiles", "service_profiles"),
  refusedCreation("flavors"),
];
