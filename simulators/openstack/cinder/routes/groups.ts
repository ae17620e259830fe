import { ok } from "../wire/replies.ts";
import { type CinderRoute, emptyListRoutes, unmodelledRoute } from "../wire/route.ts";

const DEFAULT_GROUP_TYPE = {
  id: "f72add3f-1bc4-41a6-b6f2-e51ad6780b31",
  name: "default_cgsnapshot_type",
  description: "Default group type for migrating cgsnapshot",
  is_public: true,
};

/** Routes of the API reference, "Generic volume groups". There are none. */
export const GROUP_ROUTES: readonly CinderRoute[] = [
  ...emptyListRoutes("/groups", "groups", 13),
  ...emptyListRoutes("/group_snapshots", "group_snapshots", 14),
  { method: "GET", path: "/group_types", from: 11, handler: () => ok({ group_types: [DEFAULT_GROUP_TYPE] }) },
  unmodelledRoute("POST", "/group_types", "groups of volumes"),
  unmodelledRoute("POST", "/groups", "groups of volumes"),
  unmodelledRoute("POST", "/group_snapshots", "groups of volumes"),
];
