import { type CinderRoute, unmodelledRoute } from "../wire/route.ts";

/** Routes of the API reference, "Quota class set extension". Not modelled. */
export const QUOTA_CLASS_SET_ROUTES: readonly CinderRoute[] = [
  unmodelledRoute("GET", "/os-quota-class-sets/:name", "classes of quotas"),
  unmodelledRoute("PUT", "/os-quota-class-sets/:name", "classes of quotas"),
];
