import { ok } from "../wire/replies.ts";
import type { CinderRoute } from "../wire/route.ts";

/** Routes of the API reference, "Clusters". There are none. */
export const CLUSTER_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/clusters", from: 7, admin: "clusters:get_all", handler: () => ok({ clusters: [] }) },
];
