import { type CinderRoute, emptyListRoutes } from "../wire/route.ts";

export const CONSISTENCY_GROUP_ROUTES: readonly CinderRoute[] = [
  ...emptyListRoutes("/consistencygroups", "consistencygroups"),
  ...emptyListRoutes("/cgsnapshots", "cgsnapshots"),
];
