import { type CinderRoute, listNothing } from "../wire/route.ts";

export const CONSISTENCY_GROUP_ROUTES: readonly CinderRoute[] = [
  ...listNothing("/consistencygroups", "consistencygroups"),
  ...listNothing("/cgsnapshots", "cgsnapshots"),
];
