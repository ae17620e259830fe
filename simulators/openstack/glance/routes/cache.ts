import type { OpenStackRoute } from "../../service.ts";
import { forAdministrators } from "../wire/policy.ts";

/** The image cache for administrators: not simulated. */
export const CACHE_ROUTES: readonly OpenStackRoute[] = [
  {
    method: "GET",
    path: "/v2/cache",
    clients: ["openstack"],
    handler: forAdministrators("cache_list", "the image cache"),
  },
];
