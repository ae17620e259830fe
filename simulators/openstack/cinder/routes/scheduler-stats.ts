import type { Cloud } from "../../cloud.ts";
import { backendOf, hostOf } from "../state/backend.ts";
import { ok } from "../wire/replies.ts";
import type { CinderRoute } from "../wire/route.ts";

const pool = (cloud: Pick<Cloud, "profile">): object => ({
  name: hostOf(cloud),
  capabilities: {
    volume_backend_name: backendOf(cloud).name,
    vendor_name: "Open Source",
    driver_version: "1.0",
    storage_protocol: backendOf(cloud).protocol,
    total_capacity_gb: "infinite",
    free_capacity_gb: "infinite",
    allocated_capacity_gb: 0,
    reserved_percentage: 0,
    QoS_support: false,
  },
});

/** Routes of the API reference, "Back-end storage pools". */
export const SCHEDULER_STATS_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/scheduler-stats/get_pools",
    admin: "scheduler_extension:scheduler_stats:get_pools",
    clients: ["openstack"],
    handler: ({ query, cinder: { cloud } }) => {
      const isDetailed = query.get("detail")?.toLowerCase() === "true";
      return ok({ pools: [isDetailed ? pool(cloud) : { name: hostOf(cloud) }] });
    },
  },
];
