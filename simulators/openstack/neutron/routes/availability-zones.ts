import { json } from "../../../kernel/index.ts";
import type { OpenStackRoute } from "../../service.ts";

/** `/v2.0/availability_zones`: those that agents serve, so that a bare control plane has none. */
export const AVAILABILITY_ZONE_ROUTES: readonly OpenStackRoute[] = [
  {
    method: "GET",
    path: "/v2.0/availability_zones",
    clients: ["openstack"],
    handler: ({ cloud }) => {
      const zones = cloud.profile === "agents" ? cloud.zones : [];
      const served = zones.flatMap((name) =>
        ["network", "router"].map((resource) => ({ name, resource, state: "available" })),
      );
      return json(200, { availability_zones: served });
    },
  },
];
