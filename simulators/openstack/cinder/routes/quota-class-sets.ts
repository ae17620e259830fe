import { type CinderRoute, unmodelledRoute } from "../wire/route.ts";

export const QUOTA_CLASS_SET_ROUTES: readonly CinderRoute[] = [
  unmodelledRoute("GET", "/os-quota-class-sets/:name", "classes of quotas"),
  unmodelledRoute("PUT", "/os-quota-class-sets/:name", "classes of quotas"),
];
