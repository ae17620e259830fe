import { type CinderRoute, refuseUnmodelled } from "../wire/route.ts";

export const QUOTA_CLASS_SET_ROUTES: readonly CinderRoute[] = [
  refuseUnmodelled("GET", "/os-quota-class-sets/:name", "classes of quotas"),
  refuseUnmodelled("PUT", "/os-quota-class-sets/:name", "classes of quotas"),
];
