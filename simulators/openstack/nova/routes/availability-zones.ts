import { HOST } from "../state/host.ts";
import { requireAdmin } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { storedTime } from "../../time.ts";

const zones = ({ nova }: NovaCall): object[] =>
  nova.cloud.zones.map((zoneName) => ({ zoneName, zoneState: { available: true }, hosts: null }));

/** Routes of the API reference, "Availability zones (os-availability-zone)". */
export const AVAILABILITY_ZONE_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/os-availability-zone",
    clients: ["openstack"],
    handler: (call) => ok({ availabilityZoneInfo: zones(call) }),
  },
  {
    method: "GET",
    path: "/os-availability-zone/detail",
    clients: ["openstack"],
    handler: (call) => {
      requireAdmin(call, "os-availability-zone:detail");
      const alive = { available: true, active: true, updated_at: storedTime(call.nova.cloud.kernel.nowMs) };
      const hosts = { [HOST]: { "nova-compute": alive } };
      return ok({ availabilityZoneInfo: zones(call).map((zone) => ({ ...zone, hosts })) });
    },
  },
];
