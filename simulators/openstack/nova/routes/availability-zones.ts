import { CONTROLLERS, controllerOf, serviceOf, zoneOf, zonesInUse } from "../state/host.ts";
import { requireAdmin } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { storedTime } from "../../time.ts";

const zoneView = (zoneName: string, hosts: object | null): object => ({
  zoneName,
  zoneState: { available: true },
  hosts,
});

function detailOf({ nova }: NovaCall): readonly object[] {
  const alive = { available: true, active: true, updated_at: storedTime(nova.cloud.kernel.nowMs) };
  const internal = Object.fromEntries(CONTROLLERS.map((name) => [`nova-${name}`, alive]));
  const computeOf = (host: string): object => {
    const { isDisabled, isForcedDown } = serviceOf(nova, host);
    return { "nova-compute": { ...alive, active: !isDisabled, available: !isForcedDown } };
  };
  return [
    zoneView("internal", { [controllerOf(nova)]: internal }),
    ...zonesInUse(nova).map((zone) => {
      const hosts = nova.cloud.hosts.filter((host) => zoneOf(nova, host) === zone);
      return zoneView(zone, Object.fromEntries(hosts.map(({ name }) => [name, computeOf(name)])));
    }),
  ];
}

/** Routes of the API reference, "Availability zones (os-availability-zone)". */
export const AVAILABILITY_ZONE_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/os-availability-zone",
    clients: ["openstack"],
    handler: ({ nova }) => ok({ availabilityZoneInfo: zonesInUse(nova).map((zone) => zoneView(zone, null)) }),
  },
  {
    method: "GET",
    path: "/os-availability-zone/detail",
    clients: ["openstack"],
    handler: (call) => {
      requireAdmin(call, "os-availability-zone:detail");
      return ok({ availabilityZoneInfo: detailOf(call) });
    },
  },
];
