import { ok } from "../wire/replies.ts";
import type { CinderRoute } from "../wire/route.ts";

/** Routes of the API reference, "Availability zones". */
export const AVAILABILITY_ZONE_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/os-availability-zone",
    clients: ["openstack"],
    handler: ({ cinder }) => {
      const zones = cinder.cloud.zones.map((zoneName) => ({ zoneName, zoneState: { available: true } }));
      return ok({ availabilityZoneInfo: zones });
    },
  },
];
