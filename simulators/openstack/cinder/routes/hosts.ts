import { ok } from "../wire/replies.ts";
import { type CinderRoute, unmodelledRoute } from "../wire/route.ts";

/** Routes of the API reference, "Hosts extension". */
export const HOST_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/os-hosts", admin: "volume_extension:hosts", handler: () => ok({ hosts: [] }) },
  unmodelledRoute("GET", "/os-hosts/:host", "hosts of back ends"),
];
