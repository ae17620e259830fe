import { BACKEND, HOST } from "../state/backend.ts";
import { ok } from "../wire/replies.ts";
import type { CinderRoute } from "../wire/route.ts";

const pool = (): object => ({
  name: HOST,
  capabilities: {
    volume_backend_name: BACKEND,
    vendor_name: "Open Source",
    driver_version: "1.0",
    storage_protocol: "fake",
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
    handler: ({ query }) => ok({ pools: [query.get("detail")?.toLowerCase() === "true" ? pool() : { name: HOST }] }),
  },
];
