import { type CinderRoute, emptyListRoutes } from "../wire/route.ts";

/** Routes of the API reference, "Consistency groups". There are none. */
export const CONSISTENCY_GROUP_ROUTES: readonly CinderRoute[] = [
  ...emptyListRoutes("/consistencygroups", "consistencygroups"),
  ...emptyListRoutes("/cgsnapshots", "cgsnapshots"),
];
